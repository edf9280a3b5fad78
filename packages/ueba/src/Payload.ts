/**
 * The payload of a self-extracting script: data that the script contains after its last command or in a here-document,
 * and unpacks when it runs.
 *
 * The check `payload` requires that the head exits before the payload starts, so that no shell executes the payload as
 * commands. No check examines the content of a payload; its own checksums are verified.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { createGunzip } from "node:zlib"
import { fileKindOf } from "./internal/text/fileKinds.ts"
import * as makeself from "./internal/text/makeself.ts"

/**
 * - `makeself`: a Makeself archive, whose header says where it starts
 * - `binary`: bytes after the last line of the script
 * - `base64`, `uuencode`: the same as text
 * - `hereDocument`: base64 or uuencoded lines between `<<WORD` and `WORD`
 *
 * @since 0.1.0
 * @category models
 */
export type Format = "makeself" | "binary" | "base64" | "uuencode" | "hereDocument"

/**
 * @since 0.1.0
 * @category models
 */
export interface Payload {
  readonly format: Format
  /** The type of the payload, judged by its first bytes, for a reader: `gzip`, `an ELF program`. */
  readonly kind: string | undefined
  /** Bytes from the start of the file to the payload. */
  readonly offset: number
  /** Bytes of the payload in the file. */
  readonly size: number
  /** Bytes of the script that are text: the file up to the line that marks the payload. */
  readonly headEnd: number
}

/** A shorter base64 text is a word. */
const leastLength = 100

/** A line that only marks the start of the payload: `__ARCHIVE_BELOW__`, `#PAYLOAD:`, `: DATA`. */
const markerLine = /^[ \t]*[#:]*[ \t]*_*[A-Z][A-Z0-9_ ]*_*:?[ \t]*$/

/** Longer lines are not markers, and are not matched. */
const markerLimit = 80

/**
 * Finds the payload of a self-extracting script; `undefined` if there is none.
 *
 * **When to use**: for the bytes of a script whose encoding you have examined. `SetupScript.make` does both.
 *
 * **Details**: a Makeself header says where its payload starts. Any other payload is recognized by its form: bytes that
 * are not text, base64 or uuencoded lines after an `exit`, or such lines in a here-document.
 *
 * **Gotchas**: bytes that do not start with `#!` have no payload.
 *
 * @param firstInvalid offset of the first byte that is NUL or not UTF-8, if there is one
 *
 * @example
 * ```ts
 * import * as Payload from "@privx-kit/ueba/Payload"
 *
 * // The text has no NUL.
 * export const payloadOf = (text: string) => Payload.find(new TextEncoder().encode(text), undefined)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const find = (bytes: Uint8Array, firstInvalid: number | undefined): Payload | undefined => {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined
  const offset = makeself.payloadOffset(bytes)
  if (offset !== undefined) return tail("makeself", bytes, offset)
  if (firstInvalid === undefined) return textTail(bytes) ?? hereDocument(bytes)
  const start = bytes.lastIndexOf(0x0a, firstInvalid) + 1
  const found = tail("binary", bytes, start)
  return found.kind !== undefined || found.headEnd < start ? found : undefined
}

/** A payload from `offset` to the end of the file. */
const tail = (format: Format, bytes: Uint8Array, offset: number): Payload => {
  const marker = bytes.lastIndexOf(0x0a, offset - 2) + 1
  const marked = offset > marker && offset - marker <= markerLimit && markerLine.test(latin1(bytes, marker, offset - 1))
  const headEnd = marked ? marker : offset
  return {
    format,
    kind: fileKindOf(format === "base64" ? decoded(latin1(bytes, offset, offset + 2048)) : bytes.subarray(offset)),
    offset,
    size: bytes.length - offset,
    headEnd
  }
}

/** Base64 or uuencoded lines after the end of the head. */
const textTail = (bytes: Uint8Array): Payload | undefined => {
  const end = trimmedEnd(bytes)
  const lastLine = latin1(bytes, bytes.lastIndexOf(0x0a, end - 1) + 1, end)
  const encoded = /^(?:end|====)$/.test(lastLine)
  const offset = encoded ? uuencodeStart(bytes, end) : base64Start(bytes, end)
  if (offset === undefined) return undefined
  const found = tail(encoded ? "uuencode" : "base64", bytes, offset)
  return endsInExit(latin1(bytes, Math.max(0, found.headEnd - 4096), found.headEnd)) ? found : undefined
}

const uuencodeStart = (bytes: Uint8Array, end: number): number | undefined => {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, end).lastIndexOf("\nbegin")
  return at !== -1 && /^begin(?:-base64)? [0-7]{3,4} \S/.test(latin1(bytes, at + 1, at + 40)) ? at + 1 : undefined
}

/** The start of the base64 lines at the end of the file, which all have the same length except the last. */
const base64Start = (bytes: Uint8Array, end: number): number | undefined => {
  let start = end
  let width: number | undefined
  for (let lineEnd = end; lineEnd > 0;) {
    const begin = bytes.lastIndexOf(0x0a, lineEnd - 1) + 1
    const line = latin1(bytes, begin, lineEnd)
    const isLast = lineEnd === end
    if (!(isLast ? base64LastLine : base64Line).test(line)) break
    if (!isLast) {
      width ??= line.length
      if (line.length !== width) break
    }
    start = begin
    lineEnd = begin - 1
  }
  return end - start >= leastLength ? start : undefined
}

/** Base64 as tools wrap it: groups of four characters, and longer than a path or a word. */
const base64Line = /^(?:[A-Za-z0-9+/]{4}){10,}$/
const base64LastLine = /^[A-Za-z0-9+/]+={0,2}$/

/** The longest here-document of base64 or uuencoded lines. */
const hereDocument = (bytes: Uint8Array): Payload | undefined => {
  const text = latin1(bytes, 0, bytes.length)
  let found: Payload | undefined
  let lineStart = 0
  let open: { readonly word: string; readonly start: number; width: number | undefined; ended: boolean } | undefined
  while (lineStart < text.length) {
    const newline = text.indexOf("\n", lineStart)
    const lineEnd = newline === -1 ? text.length : newline
    const line = text.slice(lineStart, lineEnd)
    if (open !== undefined && line.replace(/^\t+/, "") === open.word) {
      const size = lineStart - open.start
      if (size >= leastLength && size > (found?.size ?? 0)) {
        const kind = fileKindOf(decoded(text.slice(open.start, open.start + 2048)))
        found = { format: "hereDocument", kind, offset: open.start, size, headEnd: bytes.length }
      }
      open = undefined
    } else if (open !== undefined) {
      // All lines have the same length except the last, which only empty lines may follow.
      if (line === "") open.ended = true
      else if (open.ended || !base64LastLine.test(line)) open = undefined
      else if (base64Line.test(line) && line.length === (open.width ?? line.length)) open.width = line.length
      else open.ended = true
    }
    if (open === undefined) {
      const word = line.includes("<<") ? /<<-?[ \t]*\\?["']?([A-Za-z_][A-Za-z0-9_]*)/.exec(line)?.[1] : undefined
      if (word !== undefined) open = { word, start: lineEnd + 1, width: undefined, ended: false }
    }
    lineStart = lineEnd + 1
  }
  return found
}

/**
 * Whether the last line of a text ends with `exit`, or with an `exec` of a program: a sign that data follows. The
 * syntax tree decides whether the script really ends there.
 */
const endsInExit = (text: string): boolean => {
  const line =
    text
      .split("\n")
      .findLast((line) => !/^\s*(?:#|$)/.test(line))
      ?.trim() ?? ""
  const command = line.slice(Math.max(line.lastIndexOf(";", line.length - 2), line.lastIndexOf("}")) + 1).trim()
  return /^exit(?:\s+[\w$?"{}]+)?\s*;?$/.test(command) || /^exec\s+[^\s<>&\d]/.test(command)
}

/**
 * The result of a payload's own checksums.
 *
 * @since 0.1.0
 * @category models
 */
export interface Checked {
  /** Short descriptions of the mismatches. */
  readonly wrong: ReadonlyArray<string>
  /** The names of the checksums that match. */
  readonly right: ReadonlyArray<string>
}

/**
 * Compares a payload with the checksums and the end marker of its format: those in the Makeself header, the CRC-32 of
 * gzip, the padding of base64, the last line of uuencode.
 *
 * **Details**: it never fails. `wrong` is also empty if the format has nothing to compare with.
 *
 * **Gotchas**: nothing is written to disk and no archive is unpacked; gzip data is decompressed to at most 256 MiB,
 * which are discarded.
 *
 * @example
 * ```ts
 * import * as Payload from "@privx-kit/ueba/Payload"
 * import * as Effect from "effect/Effect"
 *
 * export const isDamaged = (script: Uint8Array, payload: Payload.Payload) =>
 *   Effect.map(Payload.check(script, payload), ({ wrong }) => wrong.length > 0)
 * ```
 *
 * @since 0.1.0
 * @category verification
 */
export const check = Effect.fn("Payload.check")(function* (
  bytes: Uint8Array,
  payload: Payload
): Effect.fn.Return<Checked> {
  const data = bytes.subarray(payload.offset, payload.offset + payload.size)
  if (payload.format === "makeself") {
    const { right, wrong } = makeself.check(bytes, payload.offset)
    if (wrong.length > 0 || right.length > 0) return { right, wrong }
  }
  if (payload.format === "binary" || payload.format === "makeself") return yield* checkBinary(data, payload.kind)
  const text = latin1(data, 0, data.length)
  if (
    payload.format === "uuencode" &&
    !/\n(?:`|[ ]|)\r?\nend\s*$/.test(text.slice(-16)) &&
    !/\n====\s*$/.test(text.slice(-16))
  ) {
    return { wrong: ["the uuencoded payload has no valid end"], right: [] }
  }
  if (payload.format === "uuencode") return { wrong: [], right: [] }
  // Text with only base64 characters need not be base64.
  if (payload.format === "hereDocument" && payload.kind === undefined) return { wrong: [], right: [] }
  if (text.replace(/\s+/g, "").length % 4 !== 0) {
    return { wrong: ["the base64 payload is cut off: its length is not a multiple of four"], right: [] }
  }
  return yield* checkBinary(decoded(text), payload.kind)
})

const checkBinary = (data: Uint8Array, kind: string | undefined): Effect.Effect<Checked> =>
  kind === "gzip" ? checkGzip(data) : Effect.succeed({ wrong: kind === "zip" ? checkZip(data) : [], right: [] })

/** The end of central directory is within the last 64 KiB. */
const checkZip = (data: Uint8Array): ReadonlyArray<string> =>
  Buffer.from(data.subarray(-66_000)).includes("PK\u0005\u0006") ? [] : ["the zip archive has no end: it is cut off"]

const decompressedLimit = 256 * 1024 * 1024

const checkGzip = (data: Uint8Array): Effect.Effect<Checked> =>
  Effect.callback<Checked>((resume) => {
    const gunzip = createGunzip({ maxOutputLength: decompressedLimit })
    let length = 0
    const end = (checked: Checked) => {
      gunzip.destroy()
      resume(Effect.succeed(checked))
    }
    gunzip.on("data", (chunk: Uint8Array) => {
      length += chunk.length
      if (length > decompressedLimit) end({ wrong: ["the gzip data decompresses to more than 256 MiB"], right: [] })
    })
    gunzip.on("end", () => end({ wrong: [], right: ["gzip CRC"] }))
    gunzip.on("error", ({ message }) => end({ wrong: [`the gzip data is damaged or cut off: ${message}`], right: [] }))
    gunzip.end(data)
    return Effect.sync(() => gunzip.destroy())
  })

/**
 * Describes a payload for a reader: `a Makeself archive, 165 bytes (gzip)`.
 *
 * @example
 * ```ts
 * import * as Payload from "@privx-kit/ueba/Payload"
 *
 * export const text = Payload.describe({ format: "binary", kind: "gzip", offset: 512, size: 165, headEnd: 512 })
 * // binary data after the script, 165 bytes (gzip)
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = ({ format, kind, size }: Payload): string => {
  const what = {
    makeself: "a Makeself archive",
    binary: "binary data after the script",
    base64: "base64 data after the script",
    uuencode: "uuencoded data after the script",
    hereDocument: "encoded data in a here-document"
  }[format]
  return `${what}, ${size} bytes${kind === undefined ? "" : ` (${kind})`}`
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, Math.min(end, bytes.length) - start)).toString(
    "latin1"
  )

const decoded = (base64: string): Uint8Array => Buffer.from(base64.replace(/\s+/g, ""), "base64")

const trimmedEnd = (bytes: Uint8Array): number => {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d || bytes[end - 1] === 0x20)) end -= 1
  return end
}
