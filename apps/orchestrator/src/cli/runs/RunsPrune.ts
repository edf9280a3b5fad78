/** Removes finished runs. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { RunClient } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import type { Pane } from "../../terminal/Screen.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "./RunClientLayer.ts"
import { UsageError } from "../UsageError.ts"

export interface Input extends Globals, ServerSettings.Flags {
  readonly dataDir: string | undefined
  readonly keep: number | undefined
  readonly olderThan: Duration.Duration | undefined
  readonly dryRun: boolean
  readonly json: boolean
}

interface Pruned {
  readonly removed: ReadonlyArray<string>
  readonly dryRun: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const { dryRun, keep, olderThan } = input
    if (keep === undefined && olderThan === undefined) {
      return yield* new UsageError({
        command: "privx-kit runs prune",
        problems: ["Specify which runs to remove: --older-than TIME, --keep N, or both."]
      })
    }
    const removed = yield* RunClient.use((client) => client.prune({ keep, olderThan }, { dryRun })).pipe(
      Effect.provide(RunClientLayer.layer(input))
    )
    return { removed, dryRun }
  }).pipe(
    Outcome.report<Pruned>({
      command: "runs prune",
      json: input.json,
      verbose: input.verbose,
      toJson: (pruned) => pruned,
      toPerson
    })
  )

const toPerson = ({ dryRun, removed }: Pruned, { line, style: { green, sign } }: Pane) => {
  const count = removed.length === 1 ? "1 run" : `${removed.length} runs`
  return line(`${green(sign.ok)} ${count} ${dryRun ? "would be removed" : "removed"}.`)
}
