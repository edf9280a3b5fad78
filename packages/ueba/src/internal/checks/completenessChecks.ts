/** Checks of the end of the script: whether it is complete. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  type Check,
  failed,
  failedAt,
  type Finding,
  notApplicable,
  notLooked,
  overSyntax,
  overText,
  passed,
  warned
} from "../../Check.ts"
import type { ShellSyntax } from "../syntax/shellSyntax.ts"
import { locator } from "../syntax/locator.ts"
import { cutWithinLine, endsInComment, endsInEmptyLine } from "../ending/scriptTail.ts"

export const complete: Check = {
  name: "complete",
  title: "Complete",
  documentation:
    "No block, quote, here-document or PEM block is open at the end, and the last line does not continue on another line. The " +
    "last line does not end within a word or comment, a function main is called, no announced step is missing, and the last " +
    "command or comment does not prepare for commands that do not follow. The check names the position where each open block starts.",
  why: "The end of the script is missing.",
  hint: "Download the script again.",
  requirement: "required",
  run: overText((text, { script }) => {
    const armour = openArmour(text)
    if (armour !== undefined) return failed("a PEM block is never closed", locator(text)(armour))
    if (goesOn(text)) {
      return failed(
        "the last line ends with a backslash, which continues it on another line",
        locator(text)(text.lastIndexOf("\\"))
      )
    }
    const cut = cutWithinLine(text)
    if (cut !== undefined) {
      return failed(`the last line has no line break and ${cut}`, locator(text)(text.length - 1))
    }
    return Effect.map(script.syntax, Result.match({ onFailure: notLooked, onSuccess: finding }))
  })
}

/** A backslash that is not escaped, at the end of a line that is not a comment. */
const goesOn = (text: string): boolean => {
  const line = text.slice(text.lastIndexOf("\n", text.length - 2) + 1).trimEnd()
  let backslashes = 0
  while (line.charAt(line.length - 1 - backslashes) === "\\") backslashes += 1
  return backslashes % 2 === 1 && !line.trimStart().startsWith("#")
}

const finding = ({ uncalledLast, unclosed, unfinished }: ShellSyntax): Finding => {
  const [first] = unclosed
  if (first === undefined && uncalledLast !== undefined && mainFunction.test(uncalledLast.message)) {
    return failed(
      `the function ${uncalledLast.message} is never called: the call at the end is missing`,
      uncalledLast.position
    )
  }
  if (first !== undefined) {
    const more = unclosed.length === 1 ? "" : `, and ${unclosed.length - 1} more`
    return failedAt(
      `never closed: ${first.message}${more}`,
      unclosed.map(({ message, position }) => ({ message: `${message} is never closed`, position }))
    )
  }
  if (unfinished?.certain === true) return failed(unfinished.message, unfinished.position)
  return passed("no unclosed quote, here-document or block")
}

/** Names of functions that contain a whole script and are called by its last line. */
const mainFunction = /^_*main$|_main$|^main_|^(?:do|run)_(?:install|setup)$/

export const nothingAppended: Check = {
  name: "nothingAppended",
  title: "Nothing appended",
  documentation:
    "No foreign text follows the script: no error body, page or message of a server, no second " +
    "#!, no repetition of the script. The check warns of code after an unconditional exit, because it never runs, " +
    "and of lines that come twice in a row.",
  why: "The file differs from what the author wrote, and a shell runs the appended text as commands.",
  hint: "The script was joined with other text during the download. Download it again.",
  requirement: "required",
  run: overSyntax(({ appended, unreachable }) =>
    appended !== undefined
      ? failed(appended.message, appended.position)
      : unreachable !== undefined
        ? warned(unreachable.message, unreachable.position)
        : passed("no foreign text follows the script")
  )
}

export const endsInCommand: Check = {
  name: "endsInCommand",
  title: "Ends in a command",
  documentation:
    "The script ends with a command, neither with a comment nor with a function that nothing calls after that, and it calls " +
    "the last function that it defines. The last command does more than prepare for others. Something uses the settings, " +
    "temporary files and locks that the script makes, and resumes what it stops; no list of files in a comment or message " +
    "ends with a file that no command mentions. A file that other scripts read may end otherwise; a setup script that was " +
    "cut off does.",
  why: "The last commands are probably missing, so that the script does not do its work.",
  hint: "Check whether commands are missing at the end, for example the call of the last function.",
  requirement: "warned",
  run: overText((text, input) =>
    overSyntax(({ endsInFunction, uncalledLast, unfinished }) => {
      if (endsInFunction !== undefined) {
        return failed(`ends with the function ${endsInFunction.message}, which nothing calls`, endsInFunction.position)
      }
      if (uncalledLast !== undefined) {
        return failed(`nothing calls ${uncalledLast.message}, the last function`, uncalledLast.position)
      }
      if (unfinished !== undefined) return failed(unfinished.message, unfinished.position)
      return endsInComment(text) ? failed("ends with a comment") : passed("yes")
    })(input)
  )
}

/** The start of the last base64 block, if its end is missing. */
const openArmour = (text: string): number | undefined => {
  const begin = text.lastIndexOf("-----BEGIN ")
  if (begin === -1 || text.includes("-----END ", begin)) return undefined
  return /^-----BEGIN [A-Z0-9 ]+-----\r?\n[ \t]*[A-Za-z0-9+/=]{20}/.test(text.slice(begin, begin + 200))
    ? begin
    : undefined
}

export const finalNewline: Check = {
  name: "finalNewline",
  title: "Final line break",
  documentation:
    "The last line has a line break, and no empty line follows it unless the script ends with exit, return or exec. " +
    "Without a line break a shell accepts the file, but nearly every tool that writes scripts puts one there, so a " +
    "file that is cut off within a line has none; one that is cut off between two parts often ends with an empty " +
    "line. Not applicable to a script that ends with a payload.",
  why: "The last line is probably not complete.",
  hint: "Check whether the last line of the file is complete.",
  requirement: "warned",
  run: ({ script: { bytes, payload, size } }) => {
    if (size === 0 || (payload !== undefined && payload.format !== "hereDocument")) {
      return notApplicable(size === 0 ? "there is no last line" : "the script ends with a payload")
    }
    if (bytes[size - 1] !== 0x0a) return failed("the last line has no line break")
    return endsInEmptyLine(new TextDecoder("latin1").decode(bytes.subarray(-300)))
      ? failed("the last line is empty: more may have followed")
      : passed("yes")
  }
}
