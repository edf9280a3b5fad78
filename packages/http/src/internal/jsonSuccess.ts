/**
 * The fast path from a response to an endpoint's typed success: JSON with the one schema of its status. Other responses
 * are left to Effect's own decoder, which supports every encoding and costs several times as much.
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

/** `undefined` if the response needs Effect's own decoder, which fails for a text that is not JSON. */
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
  const [only] = decoders.size === 1 && successes.size === 1 ? decoders.values() : []
  return (status, body) => {
    // A 201 instead of a 200 does not change the body.
    const decode = decoders.get(status) ?? (status >= 200 && status < 300 ? only : undefined)
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

/** Encodings as an object or an array; the other encodings produce text or bytes. */
const isJson = (schema: Schema.Top): boolean => {
  const encoded = SchemaAST.toEncoded(schema.ast)
  return SchemaAST.isObjects(encoded) || SchemaAST.isArrays(encoded)
}
