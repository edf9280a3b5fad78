/** Shows one run. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import * as Settings from "../settings/Settings.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export interface Input extends Globals {
  /** Id, or its beginning. */
  readonly runId: string
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const { path: dataDir } = Settings.dataFolder(input, Settings.thisHost())
    return yield* RunAccess.find(input.runId).pipe(Effect.provide(RunAccess.layer(dataDir, "read")))
  }).pipe(
    Outcome.report<Run.Run>({
      command: "runs show",
      json: input.json,
      verbose: input.verbose,
      toJson: Run.toJson,
      toPerson: RunDetails.show
    })
  )
