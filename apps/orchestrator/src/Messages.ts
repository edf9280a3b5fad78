/**
 * The engine's journal: what was asked of executions, and what became of it. The tables and what stands in them are those
 * of `SqlMessageStorage`, which reads them as well; what is done often is done here with fewer statements:
 *
 * - Requests and replies are written in the way that is cheap for the database, see {@link Writes}.
 * - What this process asks of itself is handed on from memory when it is in the journal, and noted there as taken. It is
 *   read from the tables only where something was put aside and is taken up again, or by whoever takes this process's part
 *   over: who comes to hold a shard forgets first what was taken of it.
 */
import type * as EntityAddress from "effect/cluster/EntityAddress"
import { PersistenceError } from "effect/cluster/ClusterError"
import type * as Envelope from "effect/cluster/Envelope"
import * as MessageStorage from "effect/cluster/MessageStorage"
import type * as Reply from "effect/cluster/Reply"
import * as ShardId from "effect/cluster/ShardId"
import type * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Snowflake from "effect/cluster/Snowflake"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import type * as Digest from "effect/crypto/Digest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

type Encoded = MessageStorage.Encoded
type Request = Envelope.PartialRequestEncoded

/** A request as it stands in the journal. */
export interface RequestRow {
  readonly id: string
  /** What tells it from others for ever. */
  readonly key: string
  readonly shard: string
  readonly entityType: string
  readonly entityId: string
  readonly tag: string
  /** JSON, and so are the headers. */
  readonly payload: string
  readonly headers: string
  readonly traceId: string | null
  readonly spanId: string | null
  readonly sampled: boolean | null
}

/** The last reply to a request; the payload is JSON. */
export interface ReplyRow {
  readonly id: string
  readonly requestId: string
  readonly payload: string
}

/** How a database is written to. Each succeeds when what it wrote is committed. */
export class Writes extends Context.Service<
  Writes,
  {
    /** Writes a request as one that is taken; answers `false`, and writes nothing, where one of that key is there. */
    readonly request: (row: RequestRow) => Effect.Effect<boolean, SqlError>
    /** Writes a reply, and notes the request as processed. */
    readonly reply: (row: ReplyRow) => Effect.Effect<void, SqlError>
    /** The id of the request of a key. */
    readonly idOfKey: (key: string) => Effect.Effect<string | undefined, SqlError>
    /** In milliseconds: how often the tables are looked at for what other processes have left. */
    readonly lookEvery: number
  }
>()("privx-kit/Messages/Writes") {}

/**
 * What was taken and is not processed is looked at again after a while, which costs nothing where this process is at it. It
 * may have been taken by one that had lost its shard to this process already, and died before it could hand it over. In
 * milliseconds.
 */
const anewEvery = 30_000

/** Longer keys are digested: seldom, and not here. */
const longestKey = 255

const make = Effect.gen(function* () {
  const writes = yield* Writes
  const sql = yield* SqlClient.SqlClient
  const stored = yield* SqlMessageStorage.makeEncodedStorage()

  /** In the journal, noted as taken, and not taken yet; the oldest first. */
  const inbox = new Map<string, Request>()
  /** The shards that this process held when it last asked what there is to do. */
  let held: ReadonlySet<string> = new Set()
  let lookAt = 0
  let anewAt = performance.now() + anewEvery
  /** Something in the tables may be for taking. */
  const look = Effect.sync(() => {
    lookAt = 0
  })

  const leave = (belongs: (request: Request) => boolean): void => {
    for (const [id, request] of inbox) if (belongs(request)) inbox.delete(id)
  }

  /** Within a transaction of the caller everything has to be done upon that. */
  const unlessWithin = <A>(
    within: Effect.Effect<A, PersistenceError>,
    otherwise: Effect.Effect<A, PersistenceError>
  ): Effect.Effect<A, PersistenceError> =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (transaction) =>
      Option.isSome(transaction) ? within : otherwise
    )

  const persisted = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, PersistenceError> =>
    Effect.mapError(effect, (cause) => new PersistenceError({ cause }))

  const saveRequest = (
    request: Request,
    key: string,
    otherwise: Effect.Effect<MessageStorage.SaveResult.Encoded, PersistenceError>
  ) => {
    const { address } = request
    const row: RequestRow = {
      id: request.requestId,
      key,
      shard: ShardId.toString(address.shardId),
      entityType: address.entityType,
      entityId: address.entityId,
      tag: request.tag,
      payload: JSON.stringify(request.payload),
      headers: JSON.stringify(request.headers),
      traceId: request.traceId ?? null,
      spanId: request.spanId ?? null,
      sampled: request.sampled ?? null
    }
    const written = Effect.tap(persisted(writes.request(row)), (isNew) =>
      Effect.sync(() => {
        if (isNew) inbox.set(request.requestId, request)
      })
    )
    // Noted as taken and not handed on, it would lie there for long.
    return Effect.flatMap(Effect.uninterruptible(written), (isNew) =>
      // What became of one that is there already is for the other to say.
      !isNew ? otherwise : Effect.succeed(MessageStorage.SaveResultEncoded.Success())
    )
  }

  const saveReply = (reply: Reply.WithExitEncoded) =>
    Effect.suspend(() => {
      inbox.delete(reply.requestId)
      return persisted(writes.reply({ id: reply.id, requestId: reply.requestId, payload: JSON.stringify(reply.exit) }))
    })

  const takeFromInbox = ({
    addresses,
    limit = Number.POSITIVE_INFINITY
  }: NonNullable<Parameters<Encoded["unprocessedMessages"]>[2]>) => {
    const taken: Array<{ readonly envelope: Request; readonly lastSentReply: Option.Option<Reply.Encoded> }> = []
    for (const [id, envelope] of inbox) {
      if (taken.length >= limit) break
      const { entityId, entityType, shardId } = envelope.address
      if (!held.has(ShardId.toString(shardId))) continue
      if (addresses?.some((address) => address.entityId === entityId && address.entityType === entityType) === false) {
        continue
      }
      inbox.delete(id)
      taken.push({ envelope, lastSentReply: Option.none() })
    }
    return taken
  }

  /** What was taken for a shard that is no longer held is for whoever holds it now. */
  const handOver = Effect.suspend(() => {
    const ids = [...inbox].flatMap(([id, { address }]) => (held.has(ShardId.toString(address.shardId)) ? [] : [id]))
    return ids.length === 0
      ? Effect.void
      : Effect.map(stored.resetRequests(ids.map((id) => Snowflake.Snowflake(id))), () => {
          for (const id of ids) inbox.delete(id)
        })
  })

  /** From time to time all that is not processed is for taking once more. */
  const forgetTaken = (shardIds: Parameters<Encoded["resetShards"]>[0]) =>
    Effect.suspend(() => {
      if (performance.now() < anewAt) return Effect.void
      anewAt = performance.now() + anewEvery
      const ids = [...inbox.keys()]
      return Effect.map(stored.resetShards(shardIds), () => {
        for (const id of ids) inbox.delete(id)
      })
    })

  const isOf = (address: EntityAddress.EntityAddress) => (request: Request) =>
    request.address.entityId === address.entityId && request.address.entityType === address.entityType

  return yield* MessageStorage.makeEncoded({
    ...stored,
    saveEnvelope: (options) => {
      const { deliverAt, envelope, primaryKey } = options
      const plain = Effect.tap(stored.saveEnvelope(options), look)
      if (envelope._tag !== "Request" || primaryKey === null || primaryKey.length > longestKey || deliverAt !== null) {
        return plain
      }
      // For another process, or for nobody yet.
      if (!held.has(ShardId.toString(envelope.address.shardId))) return plain
      return unlessWithin(plain, saveRequest(envelope, primaryKey, plain))
    },
    saveReply: (reply) =>
      reply._tag === "WithExit" ? unlessWithin(stored.saveReply(reply), saveReply(reply)) : stored.saveReply(reply),
    requestIdForPrimaryKey: (key) =>
      key.length > longestKey
        ? stored.requestIdForPrimaryKey(key)
        : Effect.map(persisted(writes.idOfKey(key)), (id) =>
            id === undefined ? Option.none() : Option.some(Snowflake.Snowflake(id))
          ),
    unprocessedMessages: (shardIds, now, options = {}) =>
      Effect.suspend(() => {
        held = new Set(shardIds)
        return Effect.andThen(
          handOver,
          Effect.suspend(() => {
            if (performance.now() < lookAt) return Effect.sync(() => takeFromInbox(options))
            lookAt = performance.now() + writes.lookEvery
            const reading = stored.unprocessedMessages(shardIds, now, options)
            return Effect.map(Effect.andThen(forgetTaken(shardIds), reading), (found) => {
              const { limit } = options
              if (limit !== undefined && found.length >= limit) {
                lookAt = 0
                return found
              }
              return [...found, ...takeFromInbox({ ...options, limit: limit && limit - found.length })]
            })
          })
        )
      }),
    clearReplies: (id, options) => Effect.tap(stored.clearReplies(id, options), look),
    resetRequests: (ids) => {
      for (const id of ids) inbox.delete(String(id))
      return Effect.tap(stored.resetRequests(ids), look)
    },
    resetAddresses: (addresses) => {
      for (const address of addresses) leave(isOf(address))
      return Effect.tap(stored.resetAddresses(addresses), look)
    },
    resetShards: (shardIds) => {
      leave(({ address }) => shardIds.includes(ShardId.toString(address.shardId)))
      return Effect.tap(stored.resetShards(shardIds), look)
    },
    clearAddress: (address) => {
      leave(isOf(address))
      return stored.clearAddress(address)
    }
  })
})

export const layer: Layer.Layer<
  MessageStorage.MessageStorage,
  never,
  Writes | SqlClient.SqlClient | ShardingConfig.ShardingConfig | Digest.Digest
> = Layer.effect(MessageStorage.MessageStorage, make).pipe(Layer.provide(Snowflake.layerGenerator))
