/** Approves or rejects the script of a run. */
import * as Effect from "effect/Effect"
import { isHeld } from "../DataFolder.ts"
import { Approvals } from "../runs/Approvals.ts"
import * as Run from "../runs/Run.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { RunConflict } from "../runs/RunFailures.ts"
import { RunRequests } from "../runs/RunRequests.ts"
import * as Settlement from "../runs/Settlement.ts"
import * as Settings from "../settings/Settings.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
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
  Effect.gen(function* () {
    const { path: dataDir } = Settings.dataFolder(input, Settings.thisHost())
    return yield* decide(input, dataDir).pipe(Effect.provide(RunAccess.layer(dataDir, "write")))
  }).pipe(
    Outcome.report<Decided>({
      command: input.approved ? "runs approve" : "runs reject",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ run, ...decision }) => ({ ...decision, run: Run.toJson(run) }),
      toPerson
    })
  )

const decide = Effect.fnUntraced(function* ({ approved, comment, runId }: Input, dataDir: string) {
  const requests = yield* RunRequests
  const approvals = yield* Approvals
  const by = RunAccess.me()
  const run = yield* RunAccess.find(runId)
  const { attempt, id, sha256, status, target } = run
  if (status === "succeeded" && approved && sha256 !== null) {
    yield* approvals.approve({ target, sha256, runId: id, by, comment: comment ?? null })
    return { run, approved, by }
  }
  if (status !== "waiting") {
    return yield* new RunConflict({ runId: id, status, detail: "it does not wait for approval" })
  }
  const first = yield* requests.ask({ runId: id, attempt, action: "decide", approved, by, comment })
  if (!first) return yield* new RunConflict({ runId: id, status, detail: "somebody has decided already" })
  // Whoever is at it sees this within a moment.
  const after = isHeld(dataDir) ? yield* Settlement.outcome(id, "3 seconds") : run
  return { run: after, approved, by }
})

const toPerson = Effect.fnUntraced(function* ({ approved, run }: Decided, out: Pane) {
  const { green, sign } = out.style
  yield* out.line(`${green(sign.ok)} The script of the run ${run.id} is ${approved ? "approved" : "rejected"}.`)
  if (run.status === "succeeded") return
  yield* Run.isOver(run)
    ? out.line(`  The run has ${run.status}.`)
    : out.line(`  No process has gone on with it yet: privx-kit ueba setup --run ${run.id.slice(0, 8)} does.`)
})
