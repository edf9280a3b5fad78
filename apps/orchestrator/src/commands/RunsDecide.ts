/** Approves or rejects the script of a run. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import { RunDesk } from "../server/RunDesk.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsDesk from "./RunsDesk.ts"
import type { Input as ShowInput } from "./RunsShow.ts"

export interface Input extends ShowInput {
  readonly approved: boolean
  readonly comment: string | undefined
}

interface Decided {
  readonly run: Run.Run
  readonly approved: boolean
  readonly by: string
}

export const run = (input: Input) =>
  RunDesk.use((desk) => desk.decide(input.runId, input)).pipe(
    Effect.map((decided) => ({ ...decided, approved: input.approved })),
    Effect.provide(RunsDesk.layer(input)),
    Outcome.report<Decided>({
      command: input.approved ? "runs approve" : "runs reject",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ approved, by, run }) => ({ approved, by, run: Run.toJson(run) }),
      toPerson
    })
  )

const toPerson = Effect.fnUntraced(function* ({ approved, run }: Decided, out: Pane) {
  const { green, sign } = out.style
  yield* out.line(`${green(sign.ok)} The script of the run ${run.id} is ${approved ? "approved" : "rejected"}.`)
  if (run.status === "succeeded") return
  yield* Run.isOver(run)
    ? out.line(`  The run has ${run.status}.`)
    : out.line(`  No process has gone on with it yet: privx-kit ueba setup --run ${run.id.slice(0, 8)} does.`)
})
