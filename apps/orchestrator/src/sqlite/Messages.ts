/** The engine's journal in the SQLite file of a data folder: in groups, by statements that are kept. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Writes } from "../Messages.ts"
import { GroupCommit } from "./GroupCommit.ts"

/** Another process that holds the folder for a moment may have left something. In milliseconds. */
const lookEvery = 250

const insertMessage = `
  INSERT INTO cluster_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, payload, headers, trace_id,
    span_id, sampled, request_id, last_read)
  VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?1, CURRENT_TIMESTAMP)
  ON CONFLICT (message_id) DO NOTHING`

const messageDone = "UPDATE cluster_messages SET processed = 1, last_reply_id = ?1 WHERE request_id = ?2"

const insertReply = "INSERT INTO cluster_replies (id, kind, request_id, payload, sequence) VALUES (?1, 0, ?2, ?3, NULL)"

const selectId = "SELECT CAST(id AS TEXT) AS id FROM cluster_messages WHERE message_id = ?1"

const make = Effect.map(GroupCommit, ({ prepare, read, write }) =>
  Writes.of({
    lookEvery,
    request: (row) => {
      const params = [
        BigInt(row.id),
        row.key,
        row.shard,
        row.entityType,
        row.entityId,
        row.tag,
        row.payload,
        row.headers,
        row.traceId,
        row.spanId,
        row.sampled === null ? null : Number(row.sampled)
      ]
      return write(() => prepare(insertMessage).run(...params).changes > 0)
    },
    reply: (row) => {
      const [id, requestId] = [BigInt(row.id), BigInt(row.requestId)]
      return write(() => {
        prepare(messageDone).run(id, requestId)
        prepare(insertReply).run(id, requestId, row.payload)
      })
    },
    idOfKey: (key) =>
      Effect.map(
        read(() => prepare(selectId).get(key)?.["id"]),
        (id) => (typeof id === "string" ? id : undefined)
      )
  })
)

export const layer: Layer.Layer<Writes, never, GroupCommit> = Layer.effect(Writes, make)
