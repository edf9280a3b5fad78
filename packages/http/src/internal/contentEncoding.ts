/**
 * Bodies that a gateway compressed although only `identity` was requested. A body in memory is decompressed within its
 * size limit, off the event loop. A download is never decompressed, because its length and hash are those of the sent
 * bytes.
 */
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import type { Outcome } from "./contentCoding.ts"

/** No legitimate server applies more layers. */
const mostLayers = 3

/** Decodes the layers, the last one first. */
export const unpack = async (body: Uint8Array, codings: ReadonlyArray<string>, maxBytes: number): Promise<Outcome> => {
  if (body.byteLength === 0) return { _tag: "Unpacked", body }
  if (codings.length > mostLayers) return { _tag: "Unreadable" }
  let unpacked = body
  for (const coding of codings.toReversed()) {
    const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined
    if (decode === undefined) return { _tag: "Unreadable" }
    try {
      unpacked = await decode(unpacked, { maxOutputLength: maxBytes })
    } catch (cause) {
      return { _tag: cause instanceof RangeError ? "TooLarge" : "Unreadable" }
    }
  }
  return { _tag: "Unpacked", body: unpacked }
}

type Decode = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>

const gunzip: Decode = promisify(zlib.gunzip)
const inflate: Decode = promisify(zlib.inflate)
const inflateRaw: Decode = promisify(zlib.inflateRaw)
const brotli: Decode = promisify(zlib.brotliDecompress)
const zstd: Decode = promisify(zlib.zstdDecompress)

const decoders: Readonly<Record<string, Decode>> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  // HTTP defines it as the zlib format; some servers omit the two header bytes.
  deflate: async (body, options) => ((body[0] ?? 0) % 16 === 8 ? inflate(body, options) : inflateRaw(body, options)),
  br: brotli,
  zstd
}
