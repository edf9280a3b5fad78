/**
 * A list of known good scripts: one SHA-256 per line, with an optional comment, in the format of `sha256sum`.
 *
 * ```text
 * # approved by the platform team
 * 6e54ff0f9dfa5fe099e89b08717cda7f348054c0e1ade47fcd793bf9fe2e9753  setup-script.sh of 2026-11-03
 * ```
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Sha256 } from "./Sha256.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const KnownDigest = Schema.Struct({
  sha256: Sha256,
  /** The text after the digest: a file name, or a note on its origin. */
  comment: Schema.optionalKey(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface KnownDigest extends Schema.Schema.Type<typeof KnownDigest> {}

/**
 * The list has lines that are neither a digest, a comment nor empty. All of them are reported, so that they can be
 * corrected at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class PinFileMalformed extends Failure.Class<PinFileMalformed>()(
  "PinFileMalformed",
  {
    /** From 1; at least one entry. */
    problems: Schema.Array(Schema.Struct({ line: Schema.Int, problem: Schema.String }))
  },
  {
    message: (self) =>
      `The list of known digests is malformed: ${self.problems.map(({ line, problem }) => `line ${line} ${problem}`).join("; ")}.`,
    hint: "Write one SHA-256 of 64 hexadecimal digits per line, optionally followed by white space and a comment, as sha256sum prints it."
  }
) {}

/**
 * Parses a list of digests.
 *
 * **Details**: empty lines and lines that start with `#` are ignored; an empty list is valid. Digests may be in upper
 * or lower case.
 *
 * **Errors**: `PinFileMalformed`, with every malformed line.
 *
 * @example
 * ```ts
 * import * as BoundedFile from "@privx-kit/files/BoundedFile"
 * import * as PinFile from "@privx-kit/ueba/PinFile"
 * import * as Effect from "effect/Effect"
 *
 * export const knownDigests = Effect.flatMap(
 *   BoundedFile.read("/etc/privx-kit/known-digests", { maxBytes: 1024 * 1024, exclusive: true }),
 *   (bytes) => Effect.fromResult(PinFile.parse(bytes.toString()))
 * )
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (text: string): Result.Result<ReadonlyArray<KnownDigest>, PinFileMalformed> => {
  const digests: Array<KnownDigest> = []
  const problems: Array<{ readonly line: number; readonly problem: string }> = []
  for (const [at, line] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    // sha256sum writes a backslash first if the file name needs escapes, and a star before the name of a binary file.
    const [, digest = "", rest = ""] = /^\\?([^\s]*)(?:\s+\*?(.*))?$/.exec(line.trim()) ?? []
    const sha256 = decode(digest)
    if (Result.isSuccess(sha256)) {
      digests.push({ sha256: sha256.success, ...(rest === "" ? undefined : { comment: rest }) })
    } else {
      problems.push({ line: at + 1, problem: problemOf(digest) })
    }
  }
  return problems.length === 0 ? Result.succeed(digests) : Result.fail(new PinFileMalformed({ problems }))
}

const decode = Schema.decodeResult(Sha256)

const problemOf = (digest: string): string => {
  if (!/^[0-9a-fA-F]*$/.test(digest)) return "does not start with hexadecimal digits"
  const algorithm = { 32: "MD5", 40: "SHA-1", 56: "SHA-224", 96: "SHA-384", 128: "SHA-512" }[digest.length]
  return `has ${digest.length} hexadecimal digits, but a SHA-256 has 64${algorithm === undefined ? "" : ` (${algorithm} has that many)`}`
}
