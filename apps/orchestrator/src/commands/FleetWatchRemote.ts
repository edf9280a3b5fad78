/** Has a server apply a fleet at each time of its schedule, and says after each round which hosts have drifted. */
import * as Effect from "effect/Effect"
import { targetOf } from "../fleet/FleetRun.ts"
import * as RemoteFleet from "../server/RemoteFleet.ts"
import { RunDesk } from "../server/RunDesk.ts"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import * as FleetRemote from "./FleetRemote.ts"
import * as FleetRounds from "./FleetRounds.ts"
import * as RunsRemote from "./RunsRemote.ts"

export interface Input extends FleetRounds.Input, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const read = FleetRemote.read(input, `privx-kit ${FleetRounds.command}`)
    return yield* FleetRounds.watch(input, yield* read, {
      read,
      fleetOf: ({ fleet }) => fleet,
      replace: () => Effect.void,
      round,
      last
    })
  }).pipe(Effect.provide(RunsRemote.layer(input)), FleetRounds.report(input))

const round = Effect.fnUntraced(function* (handed: RemoteFleet.HandedOver) {
  const applied = yield* FleetRemote.brought(handed.fleet, yield* FleetRemote.round(handed))
  const { fleet, hosts } = yield* RemoteFleet.standing(handed.body)
  return { fleet, runId: applied.runId, counts: applied.counts, hosts }
})

const last = Effect.fnUntraced(function* ({ body, fleet }: RemoteFleet.HandedOver) {
  const desk = yield* RunDesk
  const { continues } = yield* RemoteFleet.plan(body)
  const [last] = yield* desk.list({ target: targetOf(fleet.name), status: [], since: undefined, limit: 1 })
  return last === undefined ? undefined : { createdAt: last.createdAt, unfinished: continues !== null }
})
