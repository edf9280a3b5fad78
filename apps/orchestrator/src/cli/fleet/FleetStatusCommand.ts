/** Says how the hosts of a fleet stand, from the record. */
import * as Effect from "effect/Effect"
import type * as FlagKinds from "../flags/FlagKinds.ts"
import * as FleetStatus from "../../fleet/FleetStatus.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "../Outcome.ts"

export interface Standing {
  readonly fleet: string
  readonly hosts: ReadonlyArray<FleetStatus.HostStatus>
}

export interface StatusInput extends FleetSession.Input {
  readonly output: FlagKinds.Output | undefined
}

export const run = (input: StatusInput) =>
  Effect.gen(function* () {
    const fleet = yield* FleetSession.read(input, "privx-kit fleet status", { credentials: false })
    const hosts = yield* FleetStatus.of(fleet).pipe(
      Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input)))
    )
    return { fleet: fleet.name, hosts }
  }).pipe(report(input))

export const report = (input: StatusInput) =>
  Outcome.report<Standing>({
    command: "fleet status",
    ...Outcome.formatOf(input),
    verbose: input.verbose,
    toJson,
    toPerson: ({ hosts }, out) => FleetProgressView.status(hosts, out, input.all),
    exitName: ({ hosts }) => (hosts.some(FleetStatus.hasDrifted) ? "drift" : "ok")
  })

export const toJson = ({ fleet, hosts }: Standing): unknown => ({
  fleet,
  drifted: hosts.filter(FleetStatus.hasDrifted).length,
  hosts: hosts.map((host) => ({ ...host, drifted: FleetStatus.hasDrifted(host) }))
})
