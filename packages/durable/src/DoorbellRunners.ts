/**
 * The communication between Effect Cluster's runners, with nothing but a {@link Doorbell} on the wire: a message is committed
 * to the database before the other runner is asked to look there, and replies are read from the database as well. A message
 * that is not persisted is never sent.
 *
 * @since 0.1.0
 */
import { RunnerUnavailable } from "effect/cluster/ClusterError"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import type * as Message from "effect/cluster/Message"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import type { RunnerAddress } from "effect/cluster/RunnerAddress"
import * as Runners from "effect/cluster/Runners"
import { Sharding } from "effect/cluster/Sharding"
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import * as Snowflake from "effect/cluster/Snowflake"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import type * as Redacted from "effect/Redacted"
import type * as Rpc from "effect/rpc/Rpc"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import { connect, Doorbell, type Line, type PeerUnreachable } from "./Doorbell.ts"

/** An idle connection is closed after this time. */
const idle = "3 minutes"

const make = (secret: Redacted.Redacted<Uint8Array>) =>
  Effect.gen(function* () {
    const lines = yield* RcMap.make({
      lookup: (address: RunnerAddress) => connect(secret, address),
      idleTimeToLive: idle
    })
    const over = (
      address: RunnerAddress,
      use: (line: Line) => Effect.Effect<void, PeerUnreachable>
    ): Effect.Effect<void, RunnerUnavailable> =>
      RcMap.get(lines, address).pipe(
        Effect.flatMap(use),
        Effect.scoped,
        Effect.catch(() => Effect.andThen(RcMap.invalidate(lines, address), new RunnerUnavailable({ address })))
      )
    return yield* Runners.make({
      // For messages that stay in this process, if it is configured to encode them.
      codecFor: RpcSerialization.json.codecFor,
      ping: (address) => over(address, ({ ping }) => ping),
      send: ({ message }) => unstored(message),
      notify: ({ address, message }) => {
        if (!isStored(message)) return unstored(message)
        // The other runner polls the database anyway.
        return address._tag === "None" ? Effect.void : Effect.ignore(over(address.value, ({ look }) => look))
      },
      onRunnerUnavailable: (address) => RcMap.invalidate(lines, address)
    })
  })

const isStored = <R extends Rpc.Any>(message: Message.Outgoing<R>): boolean =>
  Context.get(
    message._tag === "OutgoingRequest" ? message.annotations : message.rpc.annotations,
    ClusterSchema.Persisted
  )

/** Only persisted messages reach another process. The engine sends no others. */
const unstored = <R extends Rpc.Any>({ envelope }: Message.Outgoing<R>): Effect.Effect<never> =>
  Effect.die(
    new Error(`a message to ${envelope.address.entityType} is not persisted, so it cannot be sent to another process`)
  )

/**
 * The communication between the runners of a cluster, with nothing but a doorbell on the wire.
 *
 * **Details**: only persisted messages reach another process. The engine sends no others.
 *
 * @param secret the secret of the cluster
 *
 * @example
 * ```ts
 * import * as DoorbellRunners from "@privx-kit/durable/DoorbellRunners"
 * import * as Redacted from "effect/Redacted"
 *
 * export const layer = DoorbellRunners.layer(Redacted.make(new Uint8Array(32)))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  secret: Redacted.Redacted<Uint8Array>
): Layer.Layer<Runners.Runners, never, MessageStorage | ShardingConfig> =>
  Layer.effect(Runners.Runners, make(secret)).pipe(Layer.provide(Snowflake.layerGenerator))

/**
 * Makes this process read the database when its doorbell rings.
 *
 * @example
 * ```ts
 * import * as DoorbellRunners from "@privx-kit/durable/DoorbellRunners"
 *
 * export const layer = DoorbellRunners.layerAnswer
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAnswer: Layer.Layer<never, never, Doorbell | Sharding> = Layer.effectDiscard(
  Effect.gen(function* () {
    const doorbell = yield* Doorbell
    const sharding = yield* Sharding
    const context = yield* Effect.context<never>()
    yield* Effect.acquireRelease(
      doorbell.onRing(() => Effect.runForkWith(context)(sharding.pollStorage)),
      () => doorbell.onRing(() => {})
    )
  })
)
