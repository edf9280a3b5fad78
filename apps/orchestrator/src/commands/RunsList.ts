/** Lists the runs of a data folder. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { Runs } from "../runs/Runs.ts"
import * as Settings from "../settings/Settings.ts"
import { nameOf } from "../Targets.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export interface Input extends Globals {
  readonly status: ReadonlyArray<Run.RunStatus>
  readonly target: string | undefined
  /** Milliseconds since 1970. */
  readonly since: number | undefined
  readonly limit: number
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const { path: dataDir } = Settings.dataFolder(input, Settings.thisHost())
    return yield* list(input).pipe(Effect.provide(RunAccess.layer(dataDir, "read")))
  }).pipe(
    Outcome.report<ReadonlyArray<Run.Run>>({
      command: "runs list",
      json: input.json,
      verbose: input.verbose,
      // What a run came to in full is for `show`.
      toJson: (runs) => ({ runs: runs.map((run) => Run.toJson({ ...run, result: null })) }),
      toPerson: RunDetails.table
    })
  )

const list = Effect.fnUntraced(function* ({ limit, since, status, target }: Input) {
  const runs = yield* Runs
  const url = target === undefined ? undefined : (URL.parse(target) ?? undefined)
  const found = yield* runs.list({
    target: url === undefined ? target : nameOf(url),
    since,
    // What a killed process has left behind says `running` until it is looked at.
    status: status.includes("interrupted") ? [...status, "running"] : status,
    limit
  })
  const seen = yield* Effect.forEach(found, RunAccess.seen)
  return status.length === 0 ? seen : seen.filter((run) => status.includes(run.status))
})
