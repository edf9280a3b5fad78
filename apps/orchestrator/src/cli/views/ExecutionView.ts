/** The view of a script execution, and the exit code that results from it. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Record } from "../../setup/ScriptExecution.ts"
import type { Name } from "../ExitCode.ts"
import type { Pane } from "../../terminal/Screen.ts"

type Execution = Record | "declined" | undefined

export const show = Effect.fnUntraced(function* (execution: Execution, out: Pane) {
  if (execution === undefined) return
  const { green, red, sign, yellow } = out.style
  yield* out.line()
  if (execution === "declined") return yield* out.line(`  ${yellow(sign.warning)} The script was not run.`)
  const line =
    execution.notStarted === undefined
      ? `The script ${outcome(execution)}; its log: ${execution.log}`
      : `The script could not be started, and nothing of it was run: ${execution.notStarted}.`
  yield* out.line(`  ${exitName(execution) === "ok" ? green(sign.ok) : red(sign.failed)} ${line}`)
})

const outcome = ({ exitCode, signal, timedOut }: Record): string =>
  timedOut
    ? "took too long and was ended"
    : exitCode === null
      ? `was ended by ${signal ?? "a signal"}`
      : `ended with exit code ${exitCode}`

export const exitName = (execution: Execution): Name =>
  execution === undefined
    ? "ok"
    : execution === "declined" || execution.notStarted !== undefined
      ? "notExecuted"
      : execution.exitCode === 0 && !execution.timedOut
        ? "ok"
        : "execution"

export const toJson = (execution: Record | "declined"): unknown =>
  execution === "declined" ? { declined: true } : Schema.encodeSync(Schema.toCodecJson(Record))(execution)
