/**
 * The short way from an answer to an endpoint's typed success: JSON, for the one schema that the answer's status has. What
 * does not fit here is left to Effect's own decoder, which knows every encoding and costs several times as much.
 */
import * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as HttpApi from "effect/http-api/HttpApi"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as Json from "./json.ts"

interface Endpoint {
  readonly mergedAnnotations: Context.Context<never>
  readonly successes: ReadonlyMap<number, readonly [Schema.Top, ...Array<Schema.Top>]>
}

/** `undefined` when the answer has to go the long way, which leads nowhere for what is not even JSON. */
export type Decode = (status: number, body: Uint8Array) => Exit.Success<unknown, unknown> | "notJson" | undefined

export const make = ({ mergedAnnotations, successes }: Endpoint): Decode => {
  const options =
    Context.getOrUndefined(mergedAnnotations, HttpApi.SuccessParseOptions) ??
    Context.getOrUndefined(mergedAnnotations, HttpApi.ParseOptions)
  const decoders = new Map(
    [...successes]
      .filter(([, schemas]) => schemas.length === 1 && isJson(schemas[0]))
      .map(([status, [schema]]) => [status, Schema.decodeUnknownExit(schema as Schema.Codec<unknown>, options)])
  )
  return (status, body) => {
    const decode = decoders.get(status)
    if (decode === undefined) return undefined
    const json = Json.parse(utf8.decode(body))
    if (json === undefined) return "notJson"
    try {
      const decoded = decode(json.value)
      return decoded._tag === "Success" ? decoded : undefined
    } catch {
      return undefined
    }
  }
}

const utf8 = new TextDecoder()

/** Whatever is encoded as an object or an array: the other encodings end with text or bytes. */
const isJson = (schema: Schema.Top): boolean => {
  const encoded = SchemaAST.toEncoded(schema.ast)
  return SchemaAST.isObjects(encoded) || SchemaAST.isArrays(encoded)
}
