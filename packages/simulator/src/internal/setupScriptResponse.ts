/**
 * The response of the download: the bytes of the script, complete or from an offset, with the headers that a client
 * needs to resume a transfer.
 */
import type * as ApiError from "@privx-kit/core/ApiError"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Refusal from "../Refusal.ts"

export interface Script {
  readonly bytes: Uint8Array
  readonly sha256: string
}

// Unverified: which content type PrivX sends is not documented.
const contentType = "text/x-shellscript"

/**
 * @param headers of the request; only `range` and `if-range` are used
 * @param ranges `false`: always the complete script, like a server without range support
 */
export const make = (
  script: Script,
  headers: Readonly<Record<string, string>>,
  ranges: boolean
): Effect.Effect<HttpServerResponse.HttpServerResponse, ApiError.ApiError> => {
  const { bytes } = script
  if (!ranges) return Effect.succeed(HttpServerResponse.uint8Array(bytes, { contentType }))
  const etag = `"${script.sha256}"`
  const common = { etag, "accept-ranges": "bytes" }
  const condition = headers["if-range"]
  const range = condition === undefined || condition === etag ? parse(headers["range"], bytes.length) : undefined
  if (range === undefined) return Effect.succeed(HttpServerResponse.uint8Array(bytes, { contentType, headers: common }))
  const [start, end] = range
  if (start >= end) return Effect.fail(Refusal.rangeNotSatisfiable("Range"))
  return Effect.succeed(
    HttpServerResponse.uint8Array(bytes.subarray(start, end), {
      status: 206,
      contentType,
      headers: { ...common, "content-range": `bytes ${start}-${end - 1}/${bytes.length}` }
    })
  )
}

/** `bytes=N-`, `bytes=N-M` or `bytes=-N` as [start, end). Any other range is ignored, as RFC 9110 requires. */
const parse = (range: string | undefined, total: number): readonly [start: number, end: number] | undefined => {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? []
  if (first !== "") {
    if (last !== "" && Number(last) < Number(first)) return undefined
    return [Number(first), last === "" ? total : Math.min(Number(last) + 1, total)]
  }
  return last === "" ? undefined : [Math.max(0, total - Number(last)), total]
}
