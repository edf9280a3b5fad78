/** Retries the failed and cancelled hosts of a fleet run. */
import "../CompiledSchemas.ts"
import * as Effect from "effect/Effect"
import { FleetRecord } from "../../fleet/FleetRecord.ts"
import { Fleets } from "../../fleet/Fleets.ts"
import { type Problem, SettingsError } from "@privx-kit/settings/SettingsError"
import * as FleetOutcome from "./FleetOutcome.ts"
import * as FleetSession from "./FleetSession.ts"
import * as FleetShow from "./FleetShow.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

export interface Input extends Globals {
  /** The id or its beginning. */
  readonly runId: string
  readonly file: string | undefined
  readonly all: boolean
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const dataDir = FleetSession.dataDirOf(input)
    const { hosts, inputs, run } = yield* FleetShow.find(input.runId).pipe(
      Effect.flatMap((found) =>
        Effect.map(
          FleetRecord.use((record) => record.plan(found.run.id)),
          ({ hosts }) => ({ ...found, hosts })
        )
      ),
      Effect.provide(FleetSession.observing(dataDir))
    )
    const file = input.file ?? inputs.file
    const fleet = yield* FleetSession.read({ file, only: [], label: [] }, "privx-kit fleet retry")
    const known = new Set(fleet.hosts.map(({ target }) => target))
    const missing = hosts.filter(({ target }) => !known.has(target))
    if (missing.length > 0) {
      const problems = missing.map(({ name, target }): Problem => ({
        setting: `fleet file ${file}`,
        problem: `does not contain the host ${name} (${target}) of the run`,
        fix: "Specify the file that contains this host with --file, or apply the current file with privx-kit fleet apply."
      }))
      return yield* new SettingsError({ problems, looked: [file] })
    }
    const { context, progress } = yield* FleetSession.open({ fleet, dataDir, digests: [inputs.digest] })
    return yield* Effect.gen(function* () {
      const fleets = yield* Fleets
      const services = yield* Effect.context<Effect.Services<ReturnType<typeof FleetSession.started>>>()
      const outcome = yield* fleets.retry(run.id, (started) =>
        Effect.provideContext(FleetSession.started(inputs.name, progress, started), services)
      )
      yield* progress.end
      return yield* FleetSession.applied(inputs.name, outcome)
    }).pipe(Effect.provideContext(context))
  }).pipe(
    Effect.scoped,
    Outcome.report<FleetOutcome.Applied>({
      command: "fleet retry",
      json: input.json,
      verbose: input.verbose,
      toJson: FleetOutcome.toJson,
      toPerson: (result, out) => FleetOutcome.toPerson(result, out, input.all),
      exitName: ({ counts }) => FleetOutcome.exitName(counts)
    })
  )
