/**
 * The PrivX hosts of all fleets. A client is created when a run first uses the host, and closed when no run has used it
 * for a while. Ten thousand hosts therefore do not need ten thousand connection pools.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import type { Fleet, FleetHost } from "./FleetFile.ts"

/** Long enough for the retry of a download, and short enough to close the sockets of a finished host soon. */
const idle = "2 seconds"

export class FleetPrivxHosts extends Context.Service<
  FleetPrivxHosts,
  {
    /** Sets the fleets that this process is configured for. Running setups continue unchanged. */
    readonly replace: (fleets: ReadonlyArray<Fleet>) => Effect.Effect<void>
  }
>()("privx-kit/FleetPrivxHosts") {
  static readonly layer = (fleets: ReadonlyArray<Fleet>): Layer.Layer<PrivxHosts | FleetPrivxHosts> =>
    Layer.effectContext(
      Effect.gen(function* () {
        let generation = 0
        let hosts = hostsOf(fleets)
        // Clients from before a replacement are not reused, because settings may have changed.
        const clients = yield* RcMap.make({
          lookup: (key: string) => {
            const client = hosts.get(key.slice(key.indexOf(" ") + 1))?.client
            return client === undefined
              ? Effect.die(new Error("no target is opened that this process is not configured for"))
              : Layer.build(Layer.fresh(PrivxClient.layer(client, client)))
          },
          idleTimeToLive: idle
        })
        const targets = PrivxHosts.of({
          has: (target) => hosts.has(target),
          open: (target) => RcMap.get(clients, `${generation} ${target}`)
        })
        const replace = (fleets: ReadonlyArray<Fleet>) =>
          Effect.sync(() => {
            generation++
            hosts = hostsOf(fleets)
          })
        return Context.make(PrivxHosts, targets).pipe(Context.add(FleetPrivxHosts, { replace }))
      })
    )
}

/** A host that is in several fleets uses the settings of the first one. */
const hostsOf = (fleets: ReadonlyArray<Fleet>): ReadonlyMap<string, FleetHost> =>
  new Map(fleets.toReversed().flatMap(({ hosts }) => hosts.map((host) => [host.target, host] as const)))
