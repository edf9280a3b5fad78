/**
 * The engine's journal: the requests to executions and their replies. It uses the tables of `SqlMessageStorage`, which can
 * read them as well, and needs fewer statements for the frequent operations:
 *
 * - Requests and replies are written in the way that is cheapest for the database, see {@link Writes}.
 * - A request of this process to itself is journaled as taken and then passed on from memory. The tables are read only
 *   when a suspended execution resumes, or when another process takes over a shard: the new owner of a shard first
 *   clears the marks of the requests that were taken from it.
 *
 * @since 0.1.0
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

/**
 * A request in the journal.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestRow {
  readonly id: string
  /** Unique forever. */
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

/**
 * The last reply to a request; the payload is JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReplyRow {
  readonly id: string
  readonly requestId: string
  readonly payload: string
}

/**
 * How a database is written to. Each method succeeds when its write is committed.
 *
 * @since 0.1.0
 * @category services
 */
export class Writes extends Context.Service<
  Writes,
  {
    /** Writes a request as taken. If a request with this key exists, it writes nothing and returns `false`. */
    readonly request: (row: RequestRow) => Effect.Effect<boolean, SqlError>
    /** Writes a reply, and marks the request as processed. */
    readonly reply: (row: ReplyRow) => Effect.Effect<void, SqlError>
    /** The id of the request of a key. */
    readonly idOfKey: (key: string) => Effect.Effect<string | undefined, SqlError>
    /** How often the tables are read for requests of other processes, in milliseconds. */
    readonly lookEvery: number
  }
>()("privx-kit/Messages/Writes") {}

/**
 * When requests that were taken and not processed are read again, in milliseconds. Another process may have taken one after
 * it had lost its shard to this process, and died before it passed the request on. Reading again costs nothing where this
 * process is executing the request.
 */
const anewEvery = 30_000

/** Effect digests longer keys. They are rare, and left to Effect. */
const longestKey = 255

const make = Effect.gen(function* () {
  const writes = yield* Writes
  const sql = yield* SqlClient.SqlClient
  const stored = yield* SqlMessageStorage.makeEncodedStorage()

  /** Journaled as taken and not yet passed on; oldest first. */
  const inbox = new Map<string, Request>()
  /** The shards that this process owned when it last requested work. */
  let held: ReadonlySet<string> = new Set()
  let lookAt = 0
  let anewAt = performance.now() + anewEvery
  /** The tables may hold requests to take. */
  const look = Effect.sync(() => {
    lookAt = 0
  })

  const leave = (belongs: (request: Request) => boolean): void => {
    for (const [id, request] of inbox) if (belongs(request)) inbox.delete(id)
  }

  /** Within a transaction of the caller, every statement must use that transaction. */
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
    // Marked as taken and not passed on, it would stay there for a long time.
    return Effect.flatMap(Effect.uninterruptible(written), (isNew) =>
      // The other storage reports the outcome of a request that already existed.
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

  /** Drops requests that were taken for shards that this process no longer owns: they belong to the new owner. */
  const handOver = Effect.suspend(() => {
    const ids = [...inbox].flatMap(([id, { address }]) => (held.has(ShardId.toString(address.shardId)) ? [] : [id]))
    return ids.length === 0
      ? Effect.void
      : Effect.map(stored.resetRequests(ids.map((id) => Snowflake.Snowflake(id))), () => {
          for (const id of ids) inbox.delete(id)
        })
  })

  /** From time to time, every unprocessed request can be taken again. */
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
      // It is for another process, or its shard has no owner yet.
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

/**
 * The journal of the engine, with few statements for the frequent operations.
 *
 * **Details**: it uses the tables of `SqlMessageStorage` of Effect, which can read them as well. A request of this process
 * to itself is journaled as taken, and passed on from memory.
 *
 * @example
 * ```ts
 * import * as BufferedMessageStorage from "@privx-kit/durable/BufferedMessageStorage"
 * import * as SqliteMessageWriter from "@privx-kit/durable/SqliteMessageWriter"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = BufferedMessageStorage.layer.pipe(Layer.provide(SqliteMessageWriter.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  MessageStorage.MessageStorage,
  never,
  Writes | SqlClient.SqlClient | ShardingConfig.ShardingConfig | Digest.Digest
> = Layer.effect(MessageStorage.MessageStorage, make).pipe(Layer.provide(Snowflake.layerGenerator))
