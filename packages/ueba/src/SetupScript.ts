/**
 * A downloaded set-up script as the checks look at it: its bytes, and what several checks need of them, worked out once.
 *
 * Nothing here is executed, and nothing is trusted: the bytes may be anything.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Sha256 from "./Sha256.ts"
import * as Shebang from "./Shebang.ts"
import * as ShellSyntax from "./ShellSyntax.ts"

/**
 * Why there is no text: what is wrong with the bytes, or that there are more of them than may be read.
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
  /** The bytes as UTF-8, a byte order mark included. */
  readonly text: Result.Result<string, NoText>
  /** Whether all of it is ASCII, so that nobody need look for anything else. */
  readonly ascii: boolean
  /** The shell that the first line names; fails with what is wrong with it or with the text. */
  readonly shebang: Result.Result<Shebang.Shebang, string>
  /** What the parser says; works it out once. Fails with why the script was not parsed. */
  readonly syntax: Effect.Effect<Result.Result<ShellSyntax.ShellSyntax, string>>
}

/**
 * @param maxBytes more than this is hashed, and not read
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (bytes: Uint8Array, maxBytes: number): Effect.fn.Return<SetupScript> {
  const text = decode(bytes, maxBytes)
  const shebang = Result.isFailure(text) ? Result.fail(text.failure.detail) : Shebang.read(text.success)
  return {
    bytes,
    size: bytes.byteLength,
    sha256: Sha256.of(bytes),
    text,
    ascii: Result.isSuccess(text) && !/[^\0-\x7f]/.test(text.success),
    shebang,
    syntax: yield* Effect.cached(
      Result.isFailure(text)
        ? Effect.succeed(Result.fail(text.failure.detail))
        : ShellSyntax.parse(text.success, Result.isSuccess(shebang) ? shebang.success.shell : undefined)
    )
  }
})

const decode = (bytes: Uint8Array, maxBytes: number): Result.Result<string, NoText> => {
  if (bytes.byteLength > maxBytes) return Result.fail({ reason: "tooLarge", detail: "too large to be read" })
  const nul = bytes.indexOf(0)
  if (nul !== -1) return Result.fail({ reason: "notText", detail: `a NUL stands at byte offset ${nul}` })
  try {
    return Result.succeed(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    const offset = firstInvalid(bytes)
    return Result.fail({
      reason: "notText",
      detail:
        offset === bytes.byteLength
          ? "the last character is cut off: it is not whole in UTF-8"
          : `not UTF-8: byte 0x${hex(bytes[offset])} at offset ${offset} cannot stand there`
    })
  }
}

const hex = (byte: number | undefined): string => (byte ?? 0).toString(16).padStart(2, "0")

/** The offset of the first byte that UTF-8 does not allow, or the length when only the end is missing. */
const firstInvalid = (bytes: Uint8Array): number => {
  // A streaming decoder forgives an unfinished end, so whether a prefix is refused changes once, at the byte in question.
  const refused = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true })
      return false
    } catch {
      return true
    }
  }
  let accepted = 0
  let tried = bytes.byteLength + 1
  while (tried - accepted > 1) {
    const middle = (accepted + tried) >>> 1
    if (refused(middle)) tried = middle
    else accepted = middle
  }
  return accepted
}
