/**
 * Converts the endpoints of an `HttpApi` to functions that return promises. Every domain that defines its endpoints
 * gets these functions automatically.
 *
 * @since 0.1.0
 */
import * as Endpoint from "@privx-kit/http/Endpoint"
import { Operation } from "@privx-kit/http/Operation"
import type { Transport } from "@privx-kit/http/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CallOptions, Runner } from "./internal/runner.ts"
import { type Plain, type PlainInput, toJson, toPlain } from "./Plain.ts"
import { InvalidArgumentError } from "./PrivxError.ts"

export type {
  /**
   * The last argument of every call.
   *
   * @since 0.1.0
   * @category models
   */
  CallOptions
} from "./internal/runner.ts"

/**
 * The functions of all endpoints of an api, by name.
 *
 * **Details**: the arguments of a function follow from the definition of its endpoint:
 *
 * - the parameter of the path, or an object if the path has several
 * - the payload or, for an endpoint without one, the query
 * - `{ signal }`, with `query` if the endpoint also has a payload, and `headers` if the endpoint has any
 *
 * A function returns a promise of the endpoint's success, or the bytes as an `AsyncIterable` if the body is streamed.
 *
 * @since 0.1.0
 * @category models
 */
export type Operations<Groups extends HttpApiGroup.Constraint> = {
  readonly [E in HttpApiGroup.Endpoints<Groups> as IdentifierOf<E>]: Method<E>
}

type IdentifierOf<E> = E extends { readonly identifier: infer Identifier extends string } ? Identifier : never

/**
 * The function of one endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export type Method<E> = E extends HttpApiEndpoint.ConstraintRequest & { readonly "~Success": unknown }
  ? (
      ...args: [
        ...Parameter<E["~Params"]["Type"]>,
        ...Body<E["~Payload"]["Type"], E["~Query"]["Type"]>,
        ...Options<Further<E["~Payload"]["Type"], E["~Query"]["Type"], E["~Headers"]["Type"]>>
      ]
    ) => Returned<E["~Success"]>
  : never

type Parameter<Params> = [Params] extends [never]
  ? []
  : IsUnion<keyof Params> extends true
    ? [params: PlainInput<Params>]
    : [id: PlainInput<Params[keyof Params]>]

type Body<Payload, Query> = [Payload] extends [never]
  ? [Query] extends [never]
    ? []
    : {} extends Query
      ? [query?: PlainInput<Query>]
      : [query: PlainInput<Query>]
  : {} extends Payload
    ? [payload?: PlainInput<Payload>]
    : [payload: PlainInput<Payload>]

type Further<Payload, Query, Headers> = ([Payload] extends [never] ? {} : Named<"query", Query>) &
  Named<"headers", Headers>

type Named<Name extends string, Value> = [Value] extends [never]
  ? {}
  : {} extends Value
    ? { readonly [K in Name]?: PlainInput<Value> }
    : { readonly [K in Name]: PlainInput<Value> }

type Options<More> = {} extends More ? [options?: CallOptions & More] : [options: CallOptions & More]

type Returned<Success> = Success extends HttpApiSchema.StreamUint8Array
  ? AsyncIterable<Uint8Array>
  : Success extends Schema.Constraint
    ? Promise<Plain<Success["Type"]>>
    : never

type IsUnion<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? false : true) : never

interface Definition {
  readonly group: string
  readonly endpoint: HttpApiEndpoint.Top
}

/**
 * Makes the functions of an api.
 *
 * @internal
 */
export const make = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>,
  runner: Runner<Transport>
): Operations<Groups> => {
  const definitions: Array<Definition> = []
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => void definitions.push({ group: group.identifier, endpoint })
  })
  const untyped = api as unknown as Untyped
  return Object.fromEntries(
    definitions.map((definition) => [definition.endpoint.identifier, method(untyped, definition, runner)])
  ) as Operations<Groups>
}

/** An endpoint that is chosen at run time: its schemas check what its types declare. */
type Untyped = HttpApi.HttpApi<string, HttpApiGroup.Constraint>

const isStreamed = (schema: Schema.Top): boolean => "_tag" in schema && schema._tag === "StreamUint8Array"

const method = (api: Untyped, { endpoint, group }: Definition, runner: Runner<Transport>) => {
  const { name } = Context.getUnsafe(endpoint.annotations, Operation)
  const read = reader(endpoint, name)
  const which = { group, endpoint: endpoint.identifier } as never
  const streams = [...endpoint.success].some(isStreamed)
  if (streams) {
    const open = Endpoint.download(api, which)
    return function download(...args: ReadonlyArray<unknown>): AsyncIterable<Uint8Array> {
      const { options, request } = read(args)
      const stream = Stream.unwrap(
        Effect.flatMap(Effect.all([open, request]), ([open, request]) =>
          Effect.map(open(request as never), (download) => download.stream)
        )
      )
      return runner.stream(name, stream, options, download)
    }
  }
  const make = Endpoint.call(api, which)
  return function call(...args: ReadonlyArray<unknown>): Promise<unknown> {
    const { options, request } = read(args)
    const called = Effect.flatMap(Effect.all([make, request]), ([call, request]) => call(request as never))
    return runner.run(name, Effect.map(called, toPlain), options, call)
  }
}

type Part = "params" | "payload" | "query" | "headers"

/**
 * Decodes the arguments of a call with the schemas of the endpoint. Invalid arguments are refused before anything is
 * sent.
 */
const reader = (endpoint: HttpApiEndpoint.Top, name: string) => {
  const payloads = [...endpoint.payload.values()].flatMap(({ schemas }): ReadonlyArray<Schema.Top> => schemas)
  const payload = payloads.length > 1 ? Schema.Union(payloads) : payloads[0]
  const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name)
  const codecs = new Map<Part, Schema.Top>()
  const parts = { params: endpoint.params, payload, query: endpoint.query, headers: endpoint.headers }
  for (const [part, schema] of Object.entries(parts) as ReadonlyArray<[Part, Schema.Top | undefined]>) {
    if (schema !== undefined) codecs.set(part, Schema.toCodecJson(Schema.toType(schema)))
  }
  const positional: ReadonlyArray<Part> = [
    ...(codecs.has("params") ? (["params"] as const) : []),
    ...(codecs.has("payload") ? (["payload"] as const) : codecs.has("query") ? (["query"] as const) : [])
  ]

  const decode = (part: Part, schema: Schema.Top, value: unknown) => {
    const [only] = names
    const given = part === "params" && names.length === 1 && only !== undefined ? { [only]: value } : (value ?? {})
    return Schema.decodeUnknownEffect(schema as Schema.Codec<unknown, unknown>)(toJson(given)).pipe(
      Effect.map((decoded) => [part, decoded] as const),
      Effect.mapError(
        (problem) =>
          new InvalidArgumentError(`${name} was not called: ${problem.message.replace(/\s+/g, " ")}.`, {
            operation: name,
            hint: `Correct the ${part === "params" ? "id" : part}.`
          })
      )
    )
  }

  return (args: ReadonlyArray<unknown>) => {
    const options = (args[positional.length] ?? {}) as CallOptions & Partial<Record<Part, unknown>>
    const valueOf = (part: Part) => (positional.includes(part) ? args[positional.indexOf(part)] : options[part])
    const request = Effect.map(
      Effect.forEach([...codecs], ([part, schema]) => decode(part, schema, valueOf(part))),
      (parts): unknown => Object.fromEntries(parts)
    )
    return { options, request }
  }
}
