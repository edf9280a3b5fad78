/**
 * Checks of the end: whether the script that is here is all of it.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failed, failedAt, type Finding, passed, skipped } from "../Check.ts"
import type { ShellSyntax } from "../ShellSyntax.ts"
import { locator } from "./locator.ts"

export const complete: Check = {
  name: "complete",
  title: "is there to its end",
  documentation:
    "Nothing is left open at the end: no block, quote or here-document, no PEM block, no line that says that it goes on. " +
    "What is open is told with the place where it was opened.",
  hint: "The end of the file is missing: download it again.",
  requirement: "required",
  run: ({ script }) => {
    if (Result.isFailure(script.text)) return skipped(script.text.failure.detail)
    const text = script.text.success
    const armour = openArmour(text)
    if (armour !== undefined) return failed("a PEM block is never closed", locator(text)(armour))
    if (goesOn(text)) {
      return failed("the last line says that it goes on", locator(text)(text.lastIndexOf("\\")))
    }
    return Effect.map(script.syntax, Result.match({ onFailure: skipped, onSuccess: finding }))
  }
}

/** A backslash that is not itself behind one, at the end of a line that is no comment. */
const goesOn = (text: string): boolean => {
  const line = text.slice(text.lastIndexOf("\n", text.length - 2) + 1).trimEnd()
  return !/^\s*#/.test(line) && (/\\+$/.exec(line)?.[0].length ?? 0) % 2 === 1
}

const finding = ({ unclosed }: ShellSyntax): Finding => {
  const [first] = unclosed
  if (first !== undefined) {
    const more = unclosed.length === 1 ? "" : `, and ${unclosed.length - 1} more`
    return failedAt(
      `never closed: ${first.message}${more}`,
      unclosed.map(({ message, position }) => ({ message: `${message} is never closed`, position }))
    )
  }
  return passed("nothing is left open")
}

export const endsInCommand: Check = {
  name: "endsInCommand",
  title: "ends with something that runs",
  documentation:
    "The last thing in the script is not the definition of a function, which nothing calls after that. A file that others " +
    "read may end so; a set-up script that was cut off behind a function does.",
  hint: "Look whether something should come after this function: the call of it, at least.",
  requirement: "warned",
  run: ({ script }) =>
    Result.isFailure(script.text)
      ? skipped(script.text.failure.detail)
      : Effect.map(
          script.syntax,
          Result.match({
            onFailure: skipped,
            onSuccess: ({ endsInFunction }) =>
              endsInFunction === undefined
                ? passed("yes")
                : failed(
                    `ends with the function ${endsInFunction.message}, which nothing calls`,
                    endsInFunction.position
                  )
          })
        )
}

/** Where the last block of base64 begins, when its end is missing. */
const openArmour = (text: string): number | undefined => {
  const begin = text.lastIndexOf("-----BEGIN ")
  if (begin === -1 || text.includes("-----END ", begin)) return undefined
  return /^-----BEGIN [A-Z0-9 ]+-----\r?\n[ \t]*[A-Za-z0-9+/=]{20}/.test(text.slice(begin, begin + 200))
    ? begin
    : undefined
}

export const finalNewline: Check = {
  name: "finalNewline",
  title: "ends with a line break",
  documentation:
    "The last line has an end. Without one the file is whole for a shell, and yet nearly every tool that writes scripts " +
    "puts one there: a file that was cut off anywhere but behind a line has none.",
  hint: "Look whether the last line of the file is all that it should be.",
  requirement: "warned",
  run: ({ script: { bytes, size } }) =>
    size === 0
      ? skipped("there is no last line")
      : bytes[size - 1] === 0x0a
        ? passed("yes")
        : failed("the last line has no end")
}
