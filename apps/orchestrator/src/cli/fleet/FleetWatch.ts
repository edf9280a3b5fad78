/** Applies a fleet of a data directory at each time of its schedule, and reports the drifted hosts after each round. */
import "../CompiledSchemas.ts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Fleet } from "../../fleet/FleetFile.ts"
import { digestOf, FleetInputs, kind, planOf, targetOf } from "../../fleet/FleetRun.ts"
import { Fleets } from "../../fleet/Fleets.ts"
import * as FleetStatus from "../../fleet/FleetStatus.ts"
import { FleetPrivxHosts } from "../../fleet/FleetPrivxHosts.ts"
import { Runs } from "@privx-kit/runs/Runs"
import * as FleetSchedule from "./FleetSchedule.ts"
import * as FleetSession from "./FleetSession.ts"

export const run = (input: FleetSchedule.Input) =>
  Effect.gen(function* () {
    const read = FleetSession.read(input, `privx-kit ${FleetSchedule.command}`)
    const dataDir = FleetSession.dataDirOf(input)
    // The directory stays locked after the first round, even if the file changes.
    const first = yield* read
    yield* FleetSchedule.scheduleOf(first)
    const { context, progress } = yield* FleetSession.open({
      fleet: first,
      dataDir,
      digests: [digestOf(planOf(first))]
    })
    const targets = Context.get(context, FleetPrivxHosts)

    const round = Effect.fnUntraced(function* (fleet: Fleet) {
      const fleets = yield* Fleets
      const services = yield* Effect.context<Effect.Services<ReturnType<typeof FleetSession.started>>>()
      const { counts, runId } = yield* fleets.run(planOf(fleet), (started) =>
        Effect.provideContext(FleetSession.started(fleet.name, progress, started), services)
      )
      yield* progress.end
      const hosts = yield* FleetStatus.of(fleet).pipe(Effect.provide(FleetSession.observing(dataDir)))
      return { fleet: fleet.name, runId, counts, hosts }
    })

    const last = Effect.fnUntraced(function* (fleet: Fleet) {
      const runs = yield* Runs
      const [last] = yield* runs.list({ kind, target: targetOf(fleet.name), limit: 1 })
      if (last === undefined) return undefined
      const { createdAt, endedAt, inputs } = last
      const same = Schema.is(FleetInputs)(inputs) && inputs.digest === digestOf(planOf(fleet))
      return { createdAt, unfinished: endedAt === null && same }
    })

    return yield* FleetSchedule.watch(input, first, {
      read,
      fleetOf: (fleet) => fleet,
      replace: (fleet) => targets.replace([fleet]),
      round: (fleet) => Effect.provideContext(round(fleet), context),
      last: (fleet) => Effect.provideContext(last(fleet), context)
    })
  }).pipe(Effect.scoped, FleetSchedule.report(input))
