/** Says how the hosts of a fleet stand, from the record. */
import * as Effect from "effect/Effect"
import * as FleetStatus from "../fleet/FleetStatus.ts"
import * as FleetView from "../fleet/FleetView.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "./Outcome.ts"

export interface Standing {
  readonly fleet: string
  readonly hosts: ReadonlyArray<FleetStatus.HostStatus>
}

export const run = (input: FleetSession.Input) =>
  Effect.gen(function* () {
    const fleet = yield* FleetSession.read(input, "privx-kit fleet status", { credentials: false })
    const hosts = yield* FleetStatus.of(fleet).pipe(
      Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input)))
    )
    return { fleet: fleet.name, hosts }
  }).pipe(report(input))

export const report = (input: FleetSession.Input) =>
  Outcome.report<Standing>({
    command: "fleet status",
    json: input.json,
    verbose: input.verbose,
    toJson,
    toPerson: ({ hosts }, out) => FleetView.status(hosts, out, input.all),
    exitName: ({ hosts }) => (hosts.some(FleetStatus.hasDrifted) ? "drift" : "ok")
  })

export const toJson = ({ fleet, hosts }: Standing): unknown => ({
  fleet,
  drifted: hosts.filter(FleetStatus.hasDrifted).length,
  hosts: hosts.map((host) => ({ ...host, drifted: FleetStatus.hasDrifted(host) }))
})
