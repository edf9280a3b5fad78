/**
 * Commands whose name stands nowhere in the script in one piece: it is assembled, cut out, translated or decoded, however
 * that is spelled.
 *
 * Runs in the parser's thread and in the main thread: imports only modules of `internal`.
 */
import type { Machine } from "./machine.ts"
import { isWellKnown } from "./unknownCommands.ts"

/** Reports a well-known command that no word of the script names. */
export const reportAssembled = (machine: Machine, name: string): void => {
  if (!/^[a-z][\w-]*$/.test(name) || name.length > 40 || !isWellKnown(name)) return
  const words = machine.words()
  if (words.has(name)) return
  // A version or a width may be in a variable: `python$version`, `sha${bits}sum`.
  const start = /^[a-z]{2,}(?=\d)/.exec(name)?.[0]
  if (start !== undefined && words.has(start)) return
  // `-x` of `tool-x`, and `sbin/tool-` of `tool-$kind`.
  if (
    name.includes("-") &&
    (words.has(name.slice(0, name.indexOf("-") + 1)) || words.has(name.slice(0, name.indexOf("-"))))
  )
    return
  machine.fact("runsHiddenCode", name, name, "the name of the command stands nowhere in the script in one piece")
}
