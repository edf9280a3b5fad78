/** Lists the runs of a data directory or a server. */
import * as Effect from "effect/Effect"
import * as Run from "@privx-kit/runs/Run"
import { RunClient, type RunFilter } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as RunDetails from "../views/RunDetails.ts"
import type * as FlagKinds from "../flags/FlagKinds.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "./RunClientLayer.ts"

export interface Input extends Globals, ServerSettings.Flags, RunFilter {
  readonly dataDir: string | undefined
  /** Print only the ids. */
  readonly ids: boolean
  /** Print only the hosts. */
  readonly targets: boolean
  readonly output: FlagKinds.Output | undefined
  readonly json: boolean
}

export const run = (input: Input) =>
  RunClient.use((client) => client.list(input)).pipe(
    Effect.provide(RunClientLayer.layer(input)),
    Outcome.report<ReadonlyArray<Run.Run>>({
      command: "runs list",
      ...Outcome.formatOf(input),
      verbose: input.verbose,
      // `runs show` has the complete result.
      toJson: (runs) => ({ runs: runs.map((run) => Run.toJson({ ...run, result: null })) }),
      toPerson: (runs, out) => {
        if (!input.ids && !input.targets) return RunDetails.table(runs, out)
        const words = input.ids ? runs.map(({ id }) => id) : [...new Set(runs.map(({ target }) => target))]
        return Effect.forEach(words, (word) => out.line(word), { discard: true })
      }
    })
  )
