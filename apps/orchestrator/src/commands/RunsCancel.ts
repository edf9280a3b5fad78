/** Cancels a run: asks the process that carries it out, or, where there is none, does it. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { RunConflict } from "../runs/RunFailures.ts"
import { RunRequests } from "../runs/RunRequests.ts"
import * as Settings from "../settings/Settings.ts"
import * as Settlement from "../runs/Settlement.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
import type { Input } from "./RunsShow.ts"

export const run = (input: Input) =>
  Effect.gen(function* () {
    const { path: dataDir } = Settings.dataFolder(input, Settings.thisHost())
    return yield* cancel(input.runId, dataDir).pipe(Effect.provide(RunAccess.layer(dataDir, "write")))
  }).pipe(
    Outcome.report<Run.Run>({
      command: "runs cancel",
      json: input.json,
      verbose: input.verbose,
      toJson: Run.toJson,
      toPerson
    })
  )

const cancel = Effect.fnUntraced(function* (id: string, dataDir: string) {
  const requests = yield* RunRequests
  const run = yield* RunAccess.find(id)
  if (Run.isOver(run)) return yield* new RunConflict({ runId: run.id, status: run.status, detail: "it is over" })
  yield* requests.ask({ runId: run.id, attempt: run.attempt, action: "cancel", by: RunAccess.me() })
  yield* Settlement.settle(dataDir)
  return yield* Settlement.outcome(run.id)
})

const toPerson = (run: Run.Run, out: Pane) => {
  const { green, sign, yellow } = out.style
  if (run.status === "cancelled") return out.line(`${green(sign.ok)} The run ${run.id} is cancelled.`)
  return Run.isOver(run)
    ? out.line(`${yellow(sign.warning)} The run ${run.id} had ${run.status} before it could be cancelled.`)
    : out.line(
        `${yellow(sign.warning)} The process at the run ${run.id} was asked to cancel it, and has not done so yet.`
      )
}
