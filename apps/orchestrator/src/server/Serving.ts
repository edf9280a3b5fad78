/** What the whole server shares while it runs: its limits, and whether it is stopping. */
import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Demands from "../setup/Demands.ts"
import * as HostPolicy from "../fleet/HostPolicy.ts"

export class Serving extends Context.Service<
  Serving,
  {
    /** The PrivX hosts that runs can be submitted for, by name. */
    readonly targets: ReadonlyArray<string>
    /** Which other hosts submitted fleets may name. */
    readonly fleetHosts: HostPolicy.Accepted
    /** Whether a person may approve the script of a run that the same person requested. */
    readonly selfApproval: boolean
    /** Done when the server begins to end: who holds a connection for long lets go of it. */
    readonly ending: Deferred.Deferred<void>
    /** How often a followed run is polled. */
    readonly interval: Duration.Input
    /** Interval of keep-alive comments in a stream, so that no proxy takes the connection for dead. */
    readonly heartbeat: Duration.Input
    /** Maximum duration of a stream: a client that reconnects must present a valid token again. */
    readonly longestStream: Duration.Input
    /** How many streams there may be, of all callers and of one. */
    readonly streams: number
    readonly streamsPerCaller: number
    /** What is demanded of every setup that is submitted. */
    readonly minimum: Demands.Demands
  }
>()("privx-kit/server/Serving") {}

export const defaults = {
  fleetHosts: HostPolicy.none,
  selfApproval: false,
  interval: "250 millis",
  heartbeat: "15 seconds",
  longestStream: "15 minutes",
  streams: 500,
  streamsPerCaller: 50,
  minimum: Demands.none
} as const satisfies Partial<Serving["Service"]>
