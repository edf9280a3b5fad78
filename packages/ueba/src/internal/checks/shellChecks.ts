/** Checks of the text: its encoding, its payload, its shell, and whether it is a complete script for that shell. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failed, type Finding, notLooked, overSyntax, overText, passed, warned } from "../../Check.ts"
import * as Payload from "../../Payload.ts"
import type { Shell } from "../../Shebang.ts"
import type { ShellSyntax } from "../syntax/shellSyntax.ts"

export const utf8Text: Check = {
  name: "utf8Text",
  title: "UTF-8 text",
  documentation:
    "The script is UTF-8 without NUL, up to its payload if it has one. The check names the first invalid byte and " +
    "the probable file type: a compressed archive, UTF-16, Latin-1. Latin-1 text is read as such, so " +
    "that all other checks can examine it.",
  why: "The file was converted, compressed or damaged during the transfer, or is not a script.",
  hint: "Get the file unchanged. If it is damaged, download it again.",
  requirement: "required",
  run: ({ script: { encodingProblem, payload, text } }) => {
    if (Result.isFailure(text)) {
      return text.failure.reason === "tooLarge" ? notLooked(text.failure.detail) : failed(text.failure.detail)
    }
    if (encodingProblem !== undefined) return failed(encodingProblem)
    return passed(
      payload === undefined || payload.format === "hereDocument"
        ? "UTF-8 without NUL"
        : `UTF-8 without NUL, up to the payload at byte offset ${payload.offset}`
    )
  }
}

export const payload: Check = {
  name: "payload",
  title: "Payload",
  documentation:
    "The data that a self-extracting script unpacks is complete: a Makeself archive matches the sizes and the MD5, " +
    "CRC and SHA-256 checksums in its header, gzip data its own CRC, base64 and uuencoded data have a valid end; and " +
    "the commands end before the data starts. No check examines the content of a payload, so a script that contains an " +
    "archive or a program causes a warning.",
  why: "The content of the payload runs or is installed as root, and no check has examined it.",
  hint:
    "Unpack the payload without running the script, and review its content. A policy that demands this check " +
    "refuses every script with a payload.",
  requirement: "required",
  run: overText((_, { script: { bytes, payload, syntax } }) => {
    if (payload === undefined) return passed("none")
    const description = Payload.describe(payload)
    return Effect.gen(function* () {
      if (payload.format !== "hereDocument") {
        const tree = yield* syntax
        if (Result.isFailure(tree)) return notLooked(tree.failure)
        if (!tree.success.endsInExit) {
          return failed(`${description}, but no exit before it: a shell would execute the data`)
        }
      }
      const { right, wrong } = yield* Payload.check(bytes, payload)
      if (wrong.length > 0) return failed(`${description}: ${wrong.join("; ")}`)
      const checksums = right.length === 0 ? "no checksum in it" : `${right.join(", ")} correct`
      return payload.format === "hereDocument" && payload.kind === undefined
        ? passed(`${description}, ${checksums}`)
        : warned(`${description}, ${checksums}; no check examines its content`)
    })
  })
}

export const knownShebang: Check = {
  name: "knownShebang",
  title: "Shebang",
  documentation:
    "The first line names sh, dash, ash, bash, ksh or mksh, directly, through env or through busybox, and Linux " +
    "can start it: no byte order mark or white space before it, no carriage return at its end, and at most " +
    "one argument. Unusual paths cause a warning.",
  why: "Linux cannot start the script, or starts it with an unexpected program.",
  hint:
    "Check the first line of the file. If it is not the first line of a shell script, the file is not the setup " +
    "script.",
  requirement: "required",
  run: overText((_, { script: { shebang } }) => {
    if (Result.isFailure(shebang)) return failed(shebang.failure)
    return shebang.success.concern === undefined
      ? passed(shebang.success.line)
      : warned(`${shebang.success.line}: ${shebang.success.concern}`)
  })
}

export const shellSyntax: Check = {
  name: "shellSyntax",
  title: "Shell syntax",
  documentation:
    "A Bash parser parses the script to its end: every block, quote and here-document is closed, there is no " +
    "syntax error, and there is at least one command. The check names the position of the first error. A script that is " +
    "cut off between two commands is still valid; only a length or a digest detects that.",
  why: "A shell runs the commands before the error and then stops, so the host is only partly set up.",
  hint: "Download the script again. If the error remains, check the named position.",
  requirement: "required",
  run: overText((_, { script }) =>
    Effect.map(
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
  )
}

export const shellDialect: Check = {
  name: "shellDialect",
  title: "Shell dialect",
  documentation:
    "A script for sh or dash uses no Bash syntax, such as arrays or [[ … ]]. It would run where /bin/sh " +
    "is Bash, but stop or behave differently where it is dash.",
  why: "On Debian and Ubuntu, /bin/sh is dash, which stops at such syntax or interprets it differently.",
  hint: "Run the script with bash, or on a host whose /bin/sh is Bash.",
  requirement: "warned",
  run: overSyntax((syntax, { script: { shebang } }) =>
    Result.isFailure(shebang) ? notLooked("the shell is not known") : dialect(syntax, shebang.success.shell)
  )
}

const dialect = ({ bashOnly }: ShellSyntax, shell: Shell): Finding => {
  const [first] = bashOnly
  return first === undefined
    ? passed(`all syntax is supported by ${shell}`)
    : failed(
        `syntax of Bash in a script for ${shell}: ${bashOnly.map(({ message }) => message).join(", ")}`,
        first.position
      )
}
