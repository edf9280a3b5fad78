/**
 * Reports code, or a file that contains code, whose origin is not the visible text of the script.
 *
 * Runs in the parser's thread and in the main thread: imports only modules of `internal`.
 */
import { shells } from "../rules/launchers.ts"
import type { Machine } from "./machine.ts"
import { isWeak, type Origin } from "../values/shellValue.ts"

/**
 * Whether it is unusual to run a text of this origin that is not known at all: `eval "$(tool init)"` and
 * `"$(find-tool)" --help` are not.
 */
const runsUnknown = ({ kind, source }: Origin, by: string): boolean =>
  shells.has(by) || (kind === "data" && (by === "command" || (by === "eval" && source === "read")))

export const reportOrigin = (machine: Machine, origin: Origin, by: string, what: "code" | "a file"): void => {
  if (origin.kind === "secret" || origin.kind === "digest") return
  if (isWeak(origin) && (what === "a file" || !runsUnknown(origin, by))) return
  const site = machine.pipelineSite ?? machine.site
  if (origin.kind === "fetched")
    machine.fact("runsFetchedCode", origin.source, by, `${what} is fetched and run`, { site })
  else if (origin.kind === "hidden")
    machine.fact("runsHiddenCode", origin.source, by, `${what} is decoded and run`, { site })
  else if (isWeak(origin))
    machine.fact("runsHiddenCode", origin.source, by, "runs text that the script does not contain", { site })
  else machine.fact("runsHiddenCode", origin.source, by, "a part of the script that is read as data is run", { site })
}
