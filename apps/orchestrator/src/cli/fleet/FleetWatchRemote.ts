/** Applies a fleet on a server at each time of its schedule, and reports the drifted hosts after each round. */
import * as Effect from "effect/Effect"
import { targetOf } from "../../fleet/FleetRun.ts"
import * as RemoteFleet from "../../client/RemoteFleet.ts"
import { RunClient } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as FleetRemote from "./FleetRemote.ts"
import * as FleetSchedule from "./FleetSchedule.ts"
import * as ServerLayer from "../ServerLayer.ts"

export interface Input extends FleetSchedule.Input, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const read = FleetRemote.read(input, `privx-kit ${FleetSchedule.command}`)
    return yield* FleetSchedule.watch(input, yield* read, {
      read,
      fleetOf: ({ fleet }) => fleet,
      replace: () => Effect.void,
      round,
      last
    })
  }).pipe(Effect.provide(ServerLayer.layer(input)), FleetSchedule.report(input))

const round = Effect.fnUntraced(function* (submitted: RemoteFleet.SubmittedFleet) {
  const applied = yield* FleetRemote.brought(submitted.fleet, yield* FleetRemote.round(submitted))
  const { fleet, hosts } = yield* RemoteFleet.standing(submitted.body)
  return { fleet, runId: applied.runId, counts: applied.counts, hosts }
})

const last = Effect.fnUntraced(function* ({ body, fleet }: RemoteFleet.SubmittedFleet) {
  const client = yield* RunClient
  const { continues } = yield* RemoteFleet.plan(body)
  const [last] = yield* client.list({ target: targetOf(fleet.name), status: [], since: undefined, limit: 1 })
  return last === undefined ? undefined : { createdAt: last.createdAt, unfinished: continues !== null }
})
