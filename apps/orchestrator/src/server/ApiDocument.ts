/**
 * Adjusts the OpenAPI document beyond the shapes of the definitions, so that generated clients are correct:
 *
 * - responses may have fields that a newer server adds, but requests have no fields that the server does not know
 * - an object with a list of its fields is one object, not an empty one and the list beside it
 * - an object without a list of fields may have any
 * - numbers of a query are numbers
 * - the headers of refusals are documented
 */
import * as RunQuery from "./RunQuery.ts"

interface Json {
  readonly [key: string]: unknown
}

/** For `transform`: a success is JSON of this component. The generator would describe it as bytes. */
export const answers =
  (component: string) =>
  (operation: Json): Json => ({
    ...operation,
    responses: {
      ...object(operation["responses"]),
      200: {
        description: "Success",
        content: { "application/json": { schema: { $ref: `${components}${component}` } } }
      }
    }
  })

/** For `transform`: the body is optional, and is JSON of this component if present. */
export const optionalBody =
  (component: string) =>
  (operation: Json): Json => ({
    ...operation,
    requestBody: {
      required: false,
      content: { "application/json": { schema: { $ref: `${components}${component}` } } }
    }
  })

const components = "#/components/schemas/"

/** For `transform` of the API. */
export const complete = (document: Json): Json => {
  const json = object(mapped(document, (node) => ofAnything(flat(withoutStream(node)))))
  const schemas = object(object(json["components"])["schemas"])
  const paths = mapValues(object(json["paths"]), (path) => mapValues(object(path), operation))
  const open = reachable(
    Object.values(paths).flatMap((path) => Object.values(path).map(responsesOf)),
    schemas
  )
  return {
    ...json,
    info: { ...object(json["info"]), contact: { name: "The maintainers of privx-kit" } },
    paths: mapValues(paths, (path) =>
      mapValues(path, (operation) => ({ ...operation, responses: opened(operation["responses"]) }))
    ),
    components: {
      ...object(json["components"]),
      schemas: mapValues(schemas, (schema, name) => (open.has(name) ? opened(schema) : schema))
    }
  }
}

const operation = (given: unknown): Json => {
  const numbers = RunQuery.numbers()
  const { parameters = [], responses, ...rest } = object(given)
  return {
    ...rest,
    parameters: (parameters as ReadonlyArray<Json>).map((parameter) => {
      const number = parameter["in"] === "query" ? numbers[String(parameter["name"])] : undefined
      return number === undefined ? parameter : { ...parameter, schema: number }
    }),
    responses: mapValues(object(responses), (response, status) => {
      const header = headers[status]
      return header === undefined ? response : { ...object(response), headers: header }
    })
  }
}

const retryAfter = {
  "Retry-After": {
    description: "Try again after this many seconds",
    required: true,
    schema: { type: "integer", minimum: 1 }
  }
}

/** Headers of every response with that status. */
const headers: Readonly<Record<string, Json>> = { 429: retryAfter, 503: retryAfter }

const responsesOf = (operation: Json): unknown => operation["responses"]

/** The names of the components that it contains. */
const reachable = (of: unknown, schemas: Json, found = new Set<string>()): ReadonlySet<string> => {
  mapped(of, (node) => {
    const reference = node["$ref"]
    const name = typeof reference === "string" ? reference.slice(components.length) : undefined
    if (name !== undefined && !found.has(name)) {
      found.add(name)
      reachable(schemas[name], schemas, found)
    }
    return node
  })
  return found
}

const opened = (json: unknown): unknown =>
  mapped(json, ({ additionalProperties, ...rest }) =>
    additionalProperties === undefined || additionalProperties === false ? rest : { ...rest, additionalProperties }
  )

/**
 * The generator describes a struct that refuses other names as an object with any fields, and lists its fields in a
 * check.
 */
const flat = (schema: Json): Json => {
  const { allOf, ...rest } = schema
  if (rest["type"] !== "object" || !Array.isArray(allOf) || allOf.length !== 1) return schema
  const fields = object(allOf[0])
  return "properties" in fields && !("properties" in rest) ? { ...rest, ...fields } : schema
}

/** Generators treat an object without a list of fields as always empty. */
const ofAnything = (schema: Json): Json =>
  schema["type"] === "object" && !("properties" in schema || "additionalProperties" in schema || "allOf" in schema)
    ? { ...schema, additionalProperties: true }
    : schema

/**
 * Documents the events. Effect's description of failures within a stream is useless, because the server never sends them.
 */
const withoutStream = ({ "x-effect-stream": _, ...rest }: Json): Json => rest

const mapped = (json: unknown, change: (node: Json) => Json): unknown => {
  if (Array.isArray(json)) return json.map((item) => mapped(item, change))
  if (typeof json !== "object" || json === null) return json
  return change(mapValues(json as Json, (value) => mapped(value, change)))
}

const mapValues = <A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B
): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))

const object = (json: unknown): Json => (typeof json === "object" && json !== null ? (json as Json) : {})
