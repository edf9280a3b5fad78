/** Cancels a run through the process that executes it, or directly if there is none. */
import * as Effect from "effect/Effect"
import * as Run from "@privx-kit/runs/Run"
import { RunClient } from "../../client/RunClient.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "./RunClientLayer.ts"
import type { Input as ShowInput } from "./RunsShow.ts"

export interface Input extends ShowInput {
  readonly comment: string | undefined
}

export const run = (input: Input) =>
  RunClient.use((client) => client.cancel(input.runId, input.comment)).pipe(
    Effect.provide(RunClientLayer.layer(input)),
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
        `${yellow(sign.warning)} The process that executes run ${run.id} was asked to cancel it, but has not done so yet.`
      )
}
