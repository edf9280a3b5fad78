/** Shows one run. */
import * as Effect from "effect/Effect"
import * as Run from "@privx-kit/runs/Run"
import { RunClient } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as RunDetails from "../views/RunDetails.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "./RunClientLayer.ts"

export interface Input extends Globals, ServerSettings.Flags {
  readonly dataDir: string | undefined
  /** The id or its beginning. */
  readonly runId: string
  readonly json: boolean
}

export const run = (input: Input) =>
  RunClient.use((client) => client.find(input.runId)).pipe(
    Effect.provide(RunClientLayer.layer(input)),
    Outcome.report<Run.Run>({
      command: "runs show",
      json: input.json,
      verbose: input.verbose,
      toJson: Run.toJson,
      toPerson: RunDetails.show
    })
  )
