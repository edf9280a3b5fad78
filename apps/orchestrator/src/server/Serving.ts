/** Shared state of a running server: its limits, and whether it is stopping. */
import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Demands from "../setup/Demands.ts"
import * as HostPolicy from "../fleet/HostPolicy.ts"

export class Serving extends Context.Service<
  Serving,
  {
    /** The PrivX hosts that clients can submit runs for, by name. */
    readonly targets: ReadonlyArray<string>
    /** The other hosts that submitted fleets may name. */
    readonly fleetHosts: HostPolicy.Accepted
    /** Whether a person may approve the script of a run that they requested. */
    readonly selfApproval: boolean
    /** Completes when the server begins to stop, so that long connections end. */
    readonly ending: Deferred.Deferred<void>
    /** How often a followed run is polled. */
    readonly interval: Duration.Input
    /** Interval of keep-alive comments in a stream, so that proxies do not close the connection. */
    readonly heartbeat: Duration.Input
    /** Maximum duration of a stream: a client that reconnects must present a valid token again. */
    readonly longestStream: Duration.Input
    /** Maximum number of streams, in total and per caller. */
    readonly streams: number
    readonly streamsPerCaller: number
    /** The minimum requirements of every submitted setup. */
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
