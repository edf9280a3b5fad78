/**
 * The engine's journal in SQLite, for a process that alone carries runs out. The tables and what stands in them are those
 * of `SqlMessageStorage`, which reads them as well; what is done often is done here with fewer statements:
 *
 * - Requests and replies are written in groups, by statements that are kept.
 * - What this process asks of itself is handed on from memory when it is in the journal, and noted there as taken. It is
 *   read from the tables only after a start, and where something was put aside and is taken up again.
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
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { GroupCommit } from "./GroupCommit.ts"

type Encoded = MessageStorage.Encoded
type Request = Envelope.PartialRequestEncoded

/** Longer keys are digested: seldom, and not here. */
const longestKey = 255

/** Another process that holds the folder for a moment may have left something. In milliseconds. */
const lookEvery = 250

const insertMessage = `
  INSERT INTO cluster_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, payload, headers, trace_id,
    span_id, sampled, request_id, last_read)
  VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?1, CURRENT_TIMESTAMP)
  ON CONFLICT (message_id) DO NOTHING`

const messageDone = "UPDATE cluster_messages SET processed = 1, last_reply_id = ?1 WHERE request_id = ?2"

const insertReply = "INSERT INTO cluster_replies (id, kind, request_id, payload, sequence) VALUES (?1, 0, ?2, ?3, NULL)"

const idOfKey = "SELECT CAST(id AS TEXT) AS id FROM cluster_messages WHERE message_id = ?1"

const make = Effect.gen(function* () {
  const group = yield* GroupCommit
  const sql = yield* SqlClient.SqlClient
  const stored = yield* SqlMessageStorage.makeEncodedStorage()

  /** In the journal, noted as taken, and not taken yet; the oldest first. */
  const inbox = new Map<string, Request>()
  let lookAt = 0
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
    const params = [
      BigInt(request.requestId),
      key,
      ShardId.toString(address.shardId),
      address.entityType,
      address.entityId,
      request.tag,
      JSON.stringify(request.payload),
      JSON.stringify(request.headers),
      request.traceId ?? null,
      request.spanId ?? null,
      request.sampled === undefined ? null : request.sampled ? 1 : 0
    ]
    const written = Effect.tap(
      persisted(group.write(() => group.prepare(insertMessage).run(...params).changes)),
      (changes) =>
        Effect.sync(() => {
          if (changes > 0) inbox.set(request.requestId, request)
        })
    )
    // Noted as taken and not handed on, it would lie there for long.
    return Effect.flatMap(Effect.uninterruptible(written), (changes) =>
      // What became of one that is there already is for the other to say.
      changes === 0 ? otherwise : Effect.succeed(MessageStorage.SaveResultEncoded.Success())
    )
  }

  const saveReply = (reply: Reply.WithExitEncoded) => {
    const [id, requestId] = [BigInt(reply.id), BigInt(reply.requestId)]
    const payload = JSON.stringify(reply.exit)
    return persisted(
      group.write(() => {
        group.prepare(messageDone).run(id, requestId)
        group.prepare(insertReply).run(id, requestId, payload)
        inbox.delete(reply.requestId)
      })
    )
  }

  const takeFromInbox = (
    shardIds: ReadonlyArray<string>,
    { addresses, limit = Number.POSITIVE_INFINITY }: NonNullable<Parameters<Encoded["unprocessedMessages"]>[2]>
  ) => {
    const shards = new Set(shardIds)
    const taken: Array<{ readonly envelope: Request; readonly lastSentReply: Option.Option<Reply.Encoded> }> = []
    for (const [id, envelope] of inbox) {
      if (taken.length >= limit) break
      const { entityId, entityType, shardId } = envelope.address
      if (!shards.has(ShardId.toString(shardId))) continue
      if (addresses?.some((address) => address.entityId === entityId && address.entityType === entityType) === false) {
        continue
      }
      inbox.delete(id)
      taken.push({ envelope, lastSentReply: Option.none() })
    }
    return taken
  }

  const isOf = (address: EntityAddress.EntityAddress) => (request: Request) =>
    request.address.entityId === address.entityId && request.address.entityType === address.entityType

  return yield* MessageStorage.makeEncoded({
    ...stored,
    saveEnvelope: (options) => {
      const { deliverAt, envelope, primaryKey } = options
      const plain = Effect.tap(stored.saveEnvelope(options), look)
      return envelope._tag !== "Request" || primaryKey === null || primaryKey.length > longestKey || deliverAt !== null
        ? plain
        : unlessWithin(plain, saveRequest(envelope, primaryKey, plain))
    },
    saveReply: (reply) =>
      reply._tag === "WithExit" ? unlessWithin(stored.saveReply(reply), saveReply(reply)) : stored.saveReply(reply),
    requestIdForPrimaryKey: (key) =>
      key.length > longestKey
        ? stored.requestIdForPrimaryKey(key)
        : Effect.map(persisted(group.read(() => group.prepare(idOfKey).get(key)?.["id"])), (id) =>
            typeof id === "string" ? Option.some(Snowflake.Snowflake(id)) : Option.none()
          ),
    unprocessedMessages: (shardIds, now, options = {}) =>
      Effect.suspend(() => {
        if (Date.now() < lookAt) return Effect.sync(() => takeFromInbox(shardIds, options))
        lookAt = Date.now() + lookEvery
        return Effect.map(stored.unprocessedMessages(shardIds, now, options), (found) => {
          const { limit } = options
          if (limit !== undefined && found.length >= limit) {
            lookAt = 0
            return found
          }
          return [...found, ...takeFromInbox(shardIds, { ...options, limit: limit && limit - found.length })]
        })
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
  GroupCommit | SqlClient.SqlClient | ShardingConfig.ShardingConfig | Digest.Digest
> = Layer.effect(MessageStorage.MessageStorage, make).pipe(Layer.provide(Snowflake.layerGenerator))
