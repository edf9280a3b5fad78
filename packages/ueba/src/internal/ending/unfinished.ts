/**
 * Signs that the end of a script is missing although every command in it is complete: its last lines prepare for
 * commands that do not follow. A finding is certain if no complete script was found that ends in the same way.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import type { ParsedScript } from "unbash"
import { announcedFile } from "./announcedFiles.ts"
import { announcedStep } from "./announcedSteps.ts"
import { looseEnd } from "./looseEnds.ts"
import { heading, openComment, openSection } from "./openComments.ts"
import { isMoreThanSettings, preparation } from "./preparingCommands.ts"
import { endsInComment, endsInEmptyLine } from "./scriptTail.ts"
import type { Unfinished } from "./tailFinding.ts"

export const unfinished = (script: ParsedScript, source: string): Unfinished | undefined => {
  const remark = openSection(source) ?? openComment(script, source) ?? heading(script, source)
  const others = [
    preparation(script, source),
    announcedStep(script, source),
    looseEnd(script, source),
    announcedFile(script, source)
  ].filter((sign) => sign !== undefined)
  const found = remark === undefined ? others : [remark, ...others]
  return (
    found.find(({ certain }) => certain) ??
    confirmed(
      script,
      others.find(({ prepares }) => prepares),
      source
    ) ??
    found[0]
  )
}

/**
 * A last command that prepares for others is no proof, and neither is an empty line or a comment at the end. No complete
 * script was found that has both.
 */
const confirmed = (script: ParsedScript, sign: Unfinished | undefined, source: string): Unfinished | undefined => {
  if (sign === undefined || !isMoreThanSettings(script)) return undefined
  const also = endsInComment(source)
    ? "a comment is the last line"
    : endsInEmptyLine(source)
      ? "the last line is empty"
      : undefined
  return also === undefined ? undefined : { ...sign, message: `${sign.message}, and ${also}`, certain: true }
}
