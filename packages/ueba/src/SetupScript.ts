/**
 * A downloaded setup script for the checks: its bytes, and derived values that several checks need, computed once.
 *
 * The text of a self-extracting script is its head: the commands up to the payload. Text that is not UTF-8 but looks
 * like Latin-1 is read as Latin-1, so that the other checks can examine it; the encoding is a separate finding.
 *
 * The bytes are untrusted, and nothing is executed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isUtf8 } from "node:buffer"
import { fileKindOf, narrowEncodingOf, wideEncodingOf } from "./internal/text/fileKinds.ts"
import * as Payload from "./Payload.ts"
import * as Sha256 from "./Sha256.ts"
import * as Shebang from "./Shebang.ts"
import * as ShellSyntax from "./ShellSyntax.ts"

/**
 * Why there is no text: the file type of the bytes, or that there are too many of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface NoText {
  readonly reason: "notText" | "tooLarge"
  readonly detail: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SetupScript {
  readonly bytes: Uint8Array
  /** Bytes. */
  readonly size: number
  readonly sha256: Sha256.Sha256
  /** The head of the script as text, including a byte order mark. */
  readonly text: Result.Result<string, NoText>
  /** The problem of the encoding of {@link text}, which could be read nevertheless. */
  readonly encodingProblem: string | undefined
  /** The data that the script contains and unpacks when it runs. */
  readonly payload: Payload.Payload | undefined
  /** Whether the whole text is ASCII, so that checks of other characters are not needed. */
  readonly ascii: boolean
  /** The shell that the first line names; fails with a text that says what is wrong. */
  readonly shebang: Result.Result<Shebang.Shebang, string>
  /** The result of the parser, computed once. Fails with the reason why the script was not parsed. */
  readonly syntax: Effect.Effect<Result.Result<ShellSyntax.ShellSyntax, string>>
}

/**
 * Reads a setup script: its digest, its text, its payload and its first line.
 *
 * **When to use**: to run a single check. `VerifySetupScript.inspectSetupScript` runs all of them.
 *
 * **Details**: it never fails: a value that cannot be derived says why. The script is parsed when `syntax` is first
 * used, and only once.
 *
 * @param maxBytes a larger script is hashed and not read
 *
 * @example
 * ```ts
 * import * as SetupScript from "@privx-kit/ueba/SetupScript"
 * import { defaultMaxBytes } from "@privx-kit/ueba/VerifySetupScript"
 * import * as Effect from "effect/Effect"
 *
 * export const encodingProblem = (bytes: Uint8Array) =>
 *   Effect.map(SetupScript.make(bytes, defaultMaxBytes), ({ encodingProblem }) => encodingProblem)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (bytes: Uint8Array, maxBytes: number): Effect.fn.Return<SetupScript> {
  const { encodingProblem, payload, text } = read(bytes, maxBytes)
  const shebang = Result.isFailure(text) ? Result.fail(text.failure.detail) : Shebang.read(text.success)
  return {
    bytes,
    size: bytes.byteLength,
    sha256: Sha256.of(bytes),
    text,
    encodingProblem,
    payload,
    ascii: Result.isSuccess(text) && !/[^\0-\x7f]/.test(text.success),
    shebang,
    syntax: yield* Effect.cached(
      Result.isFailure(text)
        ? Effect.succeed(Result.fail(text.failure.detail))
        : ShellSyntax.parse(text.success, Result.isSuccess(shebang) ? shebang.success.shell : undefined)
    )
  }
})

type Reading = Pick<SetupScript, "text" | "encodingProblem" | "payload">

const read = (bytes: Uint8Array, maxBytes: number): Reading => {
  const without = (reason: NoText["reason"], detail: string): Reading => ({
    text: Result.fail({ reason, detail }),
    encodingProblem: undefined,
    payload: undefined
  })
  if (bytes.byteLength > maxBytes) return without("tooLarge", `not read: larger than ${maxBytes} bytes`)
  const firstInvalid = firstInvalidOf(bytes)
  const payload = Payload.find(bytes, firstInvalid)
  const head = payload === undefined ? bytes : bytes.subarray(0, payload.headEnd)
  const wrong = firstInvalid !== undefined && firstInvalid < head.byteLength ? firstInvalid : undefined
  if (wrong === undefined) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(head)
    return { text: Result.succeed(text), encodingProblem: undefined, payload }
  }
  const kind = fileKindOf(bytes)
  if (kind !== undefined) return without("notText", `this is ${kind}, not text`)
  const wide = wideEncodingOf(bytes)
  if (wide !== undefined) return without("notText", `probably ${wide}, but a shell reads UTF-8`)
  const where =
    bytes[wrong] === 0
      ? `a NUL byte at byte offset ${wrong}`
      : `byte 0x${hex(bytes[wrong])} at offset ${wrong} is not valid`
  const isCutOff = isLead(bytes[wrong] ?? 0) && head.byteLength - wrong < 4 && !head.subarray(wrong + 1).some(isAscii)
  if (!head.includes(0)) {
    const repaired = new TextDecoder("utf-8", { ignoreBOM: true }).decode(isCutOff ? head.subarray(0, wrong) : head)
    if (isCutOff || isMostlySound(repaired)) {
      const problem = isCutOff ? "the last character is cut off" : where
      return { text: Result.succeed(repaired), encodingProblem: `damaged UTF-8: ${problem}`, payload }
    }
  }
  const narrow = narrowEncodingOf(head)
  if (narrow === undefined) return without("notText", `not UTF-8: ${where}`)
  return {
    text: Result.succeed(new TextDecoder("windows-1252").decode(head)),
    encodingProblem: `probably ${narrow}, not UTF-8: ${where}`,
    payload
  }
}

/** Text with more valid non-ASCII characters than invalid bytes is damaged UTF-8 and not another encoding. */
const isMostlySound = (repaired: string): boolean => {
  let balance = 0
  for (let at = 0; at < repaired.length; at++) {
    const unit = repaired.charCodeAt(at)
    if (unit === 0xfffd) balance -= 1
    else if (unit >= 0x80) balance += 1
  }
  return balance > 0
}

const isLead = (byte: number): boolean => byte >= 0xc2 && byte <= 0xf4

const isAscii = (byte: number): boolean => byte < 0x80

const hex = (byte: number | undefined): string => (byte ?? 0).toString(16).padStart(2, "0")

/** The offset of the first byte that is NUL, or that starts an invalid UTF-8 sequence. */
const firstInvalidOf = (bytes: Uint8Array): number | undefined => {
  const nul = bytes.indexOf(0)
  const text = nul === -1 ? bytes : bytes.subarray(0, nul)
  if (isUtf8(text)) return nul === -1 ? undefined : nul
  // Only the refused part of the text is searched, so that the search costs no more than decoding the text.
  const decoder = new TextDecoder("utf-8", { fatal: true })
  for (let start = 0; start < text.byteLength; start += partLength) {
    if (!decodes(decoder, text.subarray(start, start + partLength))) return invalidIn(text, start)
  }
  // Every part is valid, so the last sequence has no end.
  return leadOf(text, text.byteLength)
}

const partLength = 64 * 1024

const decodes = (decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array): boolean => {
  try {
    decoder.decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/** The offset in `text` of the invalid sequence in the part at `start`. */
const invalidIn = (text: Uint8Array, start: number): number => {
  const base = leadOf(text, start)
  // A streaming decoder accepts an unfinished end, so prefixes are refused from the invalid byte on.
  let accepted = base
  let tried = Math.min(text.byteLength, start + partLength) + 1
  while (tried - accepted > 1) {
    const middle = (accepted + tried) >>> 1
    if (decodes(new TextDecoder("utf-8", { fatal: true }), text.subarray(base, middle))) accepted = middle
    else tried = middle
  }
  return leadOf(text, accepted)
}

/** The start of the sequence that is unfinished at `end`, or `end`. */
const leadOf = (text: Uint8Array, end: number): number => {
  for (let lead = end - 1; lead >= Math.max(0, end - 3); lead--) {
    const byte = text[lead] ?? 0
    if (byte < 0x80) break
    if (byte >= 0xc0) return end - lead < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? lead : end
  }
  return end
}
