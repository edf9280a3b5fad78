/**
 * Checks of the text: whether it is one, which shell it is for, and whether it is a whole script of it.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failed, type Finding, passed, skipped, warned } from "../Check.ts"
import type { ShellSyntax } from "../ShellSyntax.ts"

export const utf8Text: Check = {
  name: "utf8Text",
  title: "is text",
  documentation:
    "The file decodes as UTF-8 and has no NUL; the offset of the first byte that is wrong is told. A script that carries " +
    "a binary archive fails, and needs a policy that only warns here.",
  hint: "Download it again; if it stays, the file is damaged, compressed or no script at all.",
  requirement: "required",
  run: ({ script: { text } }) =>
    Result.isSuccess(text)
      ? passed("UTF-8 without NUL")
      : text.failure.reason === "tooLarge"
        ? skipped(text.failure.detail)
        : failed(text.failure.detail)
}

export const knownShebang: Check = {
  name: "knownShebang",
  title: "is for a known shell",
  documentation:
    "The first line is a shebang of sh, dash, ash, bash, ksh or mksh, directly, through env or through busybox, and Linux " +
    "can start it: no byte order mark or white space before it, no carriage return at its end. Odd places and several " +
    "arguments, which Linux passes as one, are warned of.",
  hint: "Look at the first line of the file: it does not begin as a shell script does.",
  requirement: "required",
  run: ({ script: { shebang, text } }) => {
    if (Result.isFailure(text)) return skipped(text.failure.detail)
    if (Result.isFailure(shebang)) return failed(shebang.failure)
    return shebang.success.concern === undefined
      ? passed(shebang.success.line)
      : warned(`${shebang.success.line}: ${shebang.success.concern}`)
  }
}

export const shellSyntax: Check = {
  name: "shellSyntax",
  title: "is a whole shell script",
  documentation:
    "A parser of Bash reads the file to its end: no block, quote or here-document is left open, nothing stands where it " +
    "cannot, and there is at least one command. The place of the first error is told. A script cut off between two " +
    "commands is still a whole script: only a length or a digest finds that.",
  hint: "The file is damaged, cut off or no shell script: download it again and look at the place that is named.",
  requirement: "required",
  run: ({ script }) =>
    Result.isFailure(script.text)
      ? skipped(script.text.failure.detail)
      : Effect.map(
          script.syntax,
          Result.match({
            onFailure: (reason): Finding => failed(reason),
            onSuccess: ({ commands, error }): Finding =>
              error !== undefined
                ? failed(error.message, error.position)
                : commands === 0
                  ? failed("there is no command in it")
                  : passed(`parsed to its end, ${commands} command${commands === 1 ? "" : "s"} at the top level`)
          })
        )
}

export const shellDialect: Check = {
  name: "shellDialect",
  title: "uses only what its shell has",
  documentation:
    "A script for sh or dash uses nothing that only Bash has, such as arrays or [[ … ]]. It runs where /bin/sh is Bash, " +
    "and stops or does something else where it is dash.",
  hint: "Run the script with bash, or on a host whose /bin/sh is Bash.",
  requirement: "warned",
  run: ({ script }) =>
    Result.isFailure(script.shebang)
      ? skipped("the shell is not known")
      : Effect.map(
          script.syntax,
          Result.match({
            onFailure: (reason): Finding => skipped(reason),
            onSuccess: dialect
          })
        )
}

const dialect = ({ bashOnly }: ShellSyntax): Finding => {
  const [first] = bashOnly
  return first === undefined
    ? passed("nothing that the shell lacks")
    : failed(
        `for a plain sh, with syntax of Bash: ${bashOnly.map(({ message }) => message).join(", ")}`,
        first.position
      )
}
