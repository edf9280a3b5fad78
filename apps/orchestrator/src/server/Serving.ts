/** What the whole server shares while it runs: its bounds, and that it is about to end. */
import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as SubmittedHosts from "../fleet/SubmittedHosts.ts"

export class Serving extends Context.Service<
  Serving,
  {
    /** The PrivX hosts that runs can be submitted for, by name. */
    readonly targets: ReadonlyArray<string>
    /** Which others fleets that are handed over may name. */
    readonly fleetHosts: SubmittedHosts.Accepted
    /** Whether somebody may approve the script of a run that he asked for. */
    readonly selfApproval: boolean
    /** Done when the server begins to end: who holds a connection for long lets go of it. */
    readonly ending: Deferred.Deferred<void>
    /** How often a run that is followed is looked at. */
    readonly interval: Duration.Input
    /** How long after the last word of a stream something is said, so that nobody on the way takes it for dead. */
    readonly heartbeat: Duration.Input
    /** How long a stream lasts at most: whoever comes again shows a token that still counts. */
    readonly longestStream: Duration.Input
    readonly streams: number
  }
>()("privx-kit/server/Serving") {}

export const defaults = {
  fleetHosts: SubmittedHosts.none,
  selfApproval: false,
  interval: "250 millis",
  heartbeat: "15 seconds",
  longestStream: "15 minutes",
  streams: 500
} as const satisfies Partial<Serving["Service"]>
