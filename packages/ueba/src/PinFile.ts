/**
 * A list of scripts that are known to be good: one SHA-256 a line, with a comment if wanted, as `sha256sum` prints it.
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
  /** What stands behind the digest: a file name, a word about where it comes from. */
  comment: Schema.optionalKey(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface KnownDigest extends Schema.Schema.Type<typeof KnownDigest> {}

/**
 * A line that is neither a digest, a comment nor empty. All of them are told: whoever corrects a file wants to do it once.
 *
 * @since 0.1.0
 * @category errors
 */
export class PinFileMalformed extends Failure.rendered<object>({
  message: (self) => message(self as PinFileMalformed),
  hint: () =>
    "Write one SHA-256 of 64 hexadecimal digits a line, with white space and a comment after it if wanted, as sha256sum prints it."
})(
  Schema.TaggedError<PinFileMalformed, { readonly hint: string }>()("PinFileMalformed", {
    /** From 1; at least one entry. */
    problems: Schema.Array(Schema.Struct({ line: Schema.Int, problem: Schema.String }))
  })
) {}

const message = (self: PinFileMalformed): string =>
  `The list of known digests is malformed: ${self.problems.map(({ line, problem }) => `line ${line} ${problem}`).join("; ")}.`

/**
 * Reads a list of digests. Empty lines and those that begin with `#` are none; an empty list is a list. Digests are taken
 * in either case.
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
    // sha256sum puts a backslash first where the file name needs escapes, and a star before one that was read as binary.
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
  if (!/^[0-9a-fA-F]*$/.test(digest)) return "does not begin with hexadecimal digits"
  const algorithm = { 32: "MD5", 40: "SHA-1", 56: "SHA-224", 96: "SHA-384", 128: "SHA-512" }[digest.length]
  return `has ${digest.length} hexadecimal digits, and a SHA-256 has 64${algorithm === undefined ? "" : ` (that many has ${algorithm})`}`
}
