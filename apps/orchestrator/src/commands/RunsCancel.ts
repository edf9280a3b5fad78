/** Cancels a run: asks the process that carries it out, or, where there is none, does it. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import { RunDesk } from "../server/RunDesk.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsDesk from "./RunsDesk.ts"
import type { Input } from "./RunsShow.ts"

export const run = (input: Input) =>
  RunDesk.use((desk) => desk.cancel(input.runId)).pipe(
    Effect.provide(RunsDesk.layer(input)),
    Outcome.report<Run.Run>({
      command: "runs cancel",
      json: input.json,
      verbose: input.verbose,
      toJson: Run.toJson,
      toPerson
    })
  )

const toPerson = (run: Run.Run, out: Pane) => {
  const { green, sign, yellow } = out.style
  if (run.status === "cancelled") return out.line(`${green(sign.ok)} The run ${run.id} is cancelled.`)
  return Run.isOver(run)
    ? out.line(`${yellow(sign.warning)} The run ${run.id} had ${run.status} before it could be cancelled.`)
    : out.line(
        `${yellow(sign.warning)} The process at the run ${run.id} was asked to cancel it, and has not done so yet.`
      )
}
