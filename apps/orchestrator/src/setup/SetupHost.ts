/** The UEBA operations of the PrivX host of a run. */
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type HostConnection, HostConnector } from "./HostConnection.ts"
import type { HostUnusable } from "./HostUnusable.ts"
import { UebaOperations } from "./UebaOperations.ts"

interface SetupHost {
  readonly target: string
  /** The connection of a submitted fleet host. A process that is configured for the host uses its own connection. */
  readonly connection?: HostConnection | undefined
}

/** Provides an effect with the operations until it ends. */
export const withUeba =
  ({ connection, target }: SetupHost) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | HostUnusable, Exclude<Exclude<R, Ueba>, Scope.Scope> | PrivxHosts> =>
    Effect.scoped(
      Effect.gen(function* () {
        const hosts = yield* PrivxHosts
        const connect = yield* HostConnector
        const operations = yield* UebaOperations
        const host =
          hosts.has(target) || connection === undefined || connect === undefined
            ? yield* hosts.open(target)
            : yield* connect(target, connection)
        return yield* Effect.provideServiceEffect(effect, Ueba, operations(host))
      })
    )
