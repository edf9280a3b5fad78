/** Lists the runs of a data folder or a server. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import { RunDesk, type Wanted } from "../server/RunDesk.ts"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsDesk from "./RunsDesk.ts"

export interface Input extends Globals, ServerSettings.Flags, Wanted {
  readonly dataDir: string | undefined
  readonly json: boolean
}

export const run = (input: Input) =>
  RunDesk.use((desk) => desk.list(input)).pipe(
    Effect.provide(RunsDesk.layer(input)),
    Outcome.report<ReadonlyArray<Run.Run>>({
      command: "runs list",
      json: input.json,
      verbose: input.verbose,
      // What a run came to in full is for `show`.
      toJson: (runs) => ({ runs: runs.map((run) => Run.toJson({ ...run, result: null })) }),
      toPerson: RunDetails.table
    })
  )
