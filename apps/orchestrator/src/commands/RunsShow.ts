/** Shows one run. */
import * as Effect from "effect/Effect"
import * as Run from "../runs/Run.ts"
import { RunDesk } from "../server/RunDesk.ts"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsDesk from "./RunsDesk.ts"

export interface Input extends Globals, ServerSettings.Flags {
  readonly dataDir: string | undefined
  /** Id, or its beginning. */
  readonly runId: string
  readonly json: boolean
}

export const run = (input: Input) =>
  RunDesk.use((desk) => desk.find(input.runId)).pipe(
    Effect.provide(RunsDesk.layer(input)),
    Outcome.report<Run.Run>({
      command: "runs show",
      json: input.json,
      verbose: input.verbose,
      toJson: Run.toJson,
      toPerson: RunDetails.show
    })
  )
