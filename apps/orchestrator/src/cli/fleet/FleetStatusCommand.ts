/** Shows the status of the hosts of a fleet, from the record. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as FlagKinds from "../flags/FlagKinds.ts"
import { planOf } from "../../fleet/FleetRun.ts"
import * as FleetStatus from "../../fleet/FleetStatus.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "../Outcome.ts"

export interface StatusInput extends FleetSession.Input {
  readonly output: FlagKinds.Output | undefined
}

export const run = (input: StatusInput) =>
  Effect.gen(function* () {
    const fleet = yield* FleetSession.read(input, "privx-kit fleet status", { credentials: false })
    return yield* FleetStatus.standing(planOf(fleet)).pipe(
      Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input)))
    )
  }).pipe(report(input))

export const report = (input: StatusInput) =>
  Outcome.report<FleetStatus.Standing>({
    command: "fleet status",
    ...Outcome.formatOf(input),
    verbose: input.verbose,
    toJson,
    toPerson: (standing, out) =>
      Effect.andThen(FleetProgressView.status(standing.hosts, out, input.all), nextRound(standing, out)),
    exitName: ({ hosts }) => (hosts.some(({ drifted }) => drifted) ? "drift" : "ok")
  })

const nextRound = ({ nextRound, schedule }: FleetStatus.Standing, out: Pane): Effect.Effect<void> =>
  nextRound === null || schedule === null
    ? Effect.void
    : out.line(
        out.style.dim(
          `Next round: ${FleetProgressView.moment(DateTime.formatIso(nextRound))} (${schedule.cron}, ${schedule.timeZone}), by privx-kit fleet watch.`
        )
      )

export const toJson = ({ fleet, hosts, nextRound, schedule }: FleetStatus.Standing): unknown => ({
  fleet,
  schedule,
  nextRound,
  drifted: hosts.filter(({ drifted }) => drifted).length,
  hosts
})
