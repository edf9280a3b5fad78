/**
 * The engine's journal in the SQLite file of a data directory, written in groups by prepared statements.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Writes } from "./BufferedMessageStorage.ts"
import { GroupCommit } from "./GroupCommit.ts"

/** Polling interval in milliseconds: another process may have used the directory briefly and left a message. */
const lookEvery = 250

const insertMessage = `
  INSERT INTO cluster_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, payload, headers, trace_id,
    span_id, sampled, request_id, last_read)
  VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, CURRENT_TIMESTAMP)
  ON CONFLICT (message_id) DO NOTHING`

const messageDone = "UPDATE cluster_messages SET processed = 1, last_reply_id = ? WHERE request_id = ?"

const insertReply = "INSERT INTO cluster_replies (id, kind, request_id, payload, sequence) VALUES (?, 0, ?, ?, NULL)"

const selectId = "SELECT CAST(id AS TEXT) AS id FROM cluster_messages WHERE message_id = ?"

const make = Effect.map(GroupCommit, ({ prepare, read, write }) =>
  Writes.of({
    lookEvery,
    request: (row) => {
      const id = BigInt(row.id)
      const params = [
        id,
        row.key,
        row.shard,
        row.entityType,
        row.entityId,
        row.tag,
        row.payload,
        row.headers,
        row.traceId,
        row.spanId,
        row.sampled,
        id
      ]
      return write(() => prepare(insertMessage).change(params) > 0)
    },
    reply: (row) => {
      const [id, requestId] = [BigInt(row.id), BigInt(row.requestId)]
      return write(() => {
        prepare(messageDone).execute([id, requestId])
        prepare(insertReply).execute([id, requestId, row.payload])
      })
    },
    idOfKey: (key) =>
      Effect.map(
        read(() => prepare(selectId).execute([key])[0]?.["id"]),
        (id) => (typeof id === "string" ? id : undefined)
      )
  })
)

/**
 * The journal of the engine in the SQLite file of a data directory, written in groups by prepared statements.
 *
 * @example
 * ```ts
 * import * as SqliteMessageWriter from "@privx-kit/durable/SqliteMessageWriter"
 *
 * export const layer = SqliteMessageWriter.layer
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Writes, never, GroupCommit> = Layer.effect(Writes, make)
