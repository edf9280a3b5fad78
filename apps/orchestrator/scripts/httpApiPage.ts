/** An OpenAPI document as Markdown: each operation with its parameters, body and responses. */
import type * as OpenApi from "effect/http-api/OpenApi"
import * as Tables from "./tables.ts"

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Schema>
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: ReadonlyArray<string>
  readonly description?: string
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly parameters?: ReadonlyArray<{
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly description?: string
    readonly schema?: Schema
  }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> }
  readonly responses?: Readonly<
    Record<
      string,
      { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
    >
  >
}

const methods = ["get", "post", "put", "patch", "delete"] as const

export const render = (document: OpenApi.OpenAPISpec): string => {
  const schemas = (document.components?.schemas ?? {}) as Readonly<Record<string, Schema>>
  const resolve = (schema: Schema): Schema => {
    const target = schema.$ref === undefined ? undefined : schemas[schema.$ref.split("/").at(-1) ?? ""]
    return target === undefined ? schema : { ...target, ...schema }
  }
  return Object.entries(document.paths)
    .flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const operation = (item as Readonly<Record<string, Operation | undefined>>)[method]
        return operation === undefined ? [] : [section(method, path, operation, resolve)]
      })
    )
    .join("\n\n")
}

const section = (method: string, path: string, operation: Operation, resolve: (schema: Schema) => Schema): string => {
  const parameters = (operation.parameters ?? []).map(({ description, in: place, name, required, schema }) => [
    `\`${name}\``,
    place,
    escape(valueOf(schema ?? {}, resolve)),
    escape(`${description ?? schema?.description ?? ""}${required === true && place !== "path" ? " Required." : ""}`)
  ])
  const bodies = Object.entries(operation.requestBody?.content ?? {}).map(([type, { schema = {} }]) => {
    const fields = Object.entries(resolve(schema).properties ?? {})
    return fields.length === 0
      ? `Body: \`${type}\``
      : `Body: \`${type}\`\n\n${Tables.table(
          ["Field", "Value", "Meaning"],
          fields.map(([name, field]) => [
            `\`${name}\``,
            escape(valueOf(field, resolve)),
            escape(
              Tables.sentences(
                resolve(field).description,
                resolve(schema).required?.includes(name) === true ? "Required" : undefined
              )
            )
          ])
        )}`
  })
  const responses = Object.entries(operation.responses ?? {}).map(([status, { content, description }]) => [
    status,
    Object.keys(content ?? {})
      .map((type) => `\`${type}\``)
      .join(", "),
    escape(description ?? "")
  ])
  return [
    `## ${method.toUpperCase()} ${path}`,
    escape(Tables.sentences(operation.summary, operation.description)),
    parameters.length === 0 ? "" : Tables.table(["Parameter", "In", "Value", "Meaning"], parameters),
    ...bodies,
    Tables.table(["Status", "Content", "Meaning"], responses)
  ]
    .filter((block) => block !== "")
    .join("\n\n")
}

const valueOf = (given: Schema, resolve: (schema: Schema) => Schema): string => {
  const schema = resolve(given)
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(", ")
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map((one) => valueOf(one, resolve)))].join(" or ")
  if (schema.items !== undefined) return `list of ${valueOf(schema.items, resolve)}`
  return schema.type ?? "any value"
}

const escape = (text: string): string =>
  text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("{", "&#123;").replaceAll("\n", " ")
