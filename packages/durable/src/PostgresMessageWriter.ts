/**
 * The engine's journal in Postgres. Concurrent writes of executions are combined into one statement.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type ReplyRow, type RequestRow, Writes } from "./BufferedMessageStorage.ts"
import { gathered } from "./Batcher.ts"

/** Polling interval in milliseconds: a fallback, because other processes ring when they have a message for this one. */
const lookEvery = 50

const insertMessages = `
  INSERT INTO cluster_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, payload, headers, trace_id,
    span_id, sampled, request_id, last_read)
  SELECT id, key, shard, "entityType", "entityId", 0, tag, payload, headers, "traceId", "spanId", sampled, id, now()
  FROM json_to_recordset($1::json) AS request (id BIGINT, key TEXT, shard TEXT, "entityType" TEXT, "entityId" TEXT,
    tag TEXT, payload TEXT, headers TEXT, "traceId" TEXT, "spanId" TEXT, sampled BOOLEAN)
  ON CONFLICT (message_id) DO NOTHING
  RETURNING message_id AS key`

/** A group whose response was lost is written again, one by one; rows that exist already are the same. */
const insertReplies = `
  WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS given (id BIGINT, "requestId" BIGINT, payload TEXT)
  ), processed AS (
    UPDATE cluster_messages SET processed = TRUE, last_reply_id = given.id FROM given
    WHERE cluster_messages.request_id = given."requestId"
  )
  INSERT INTO cluster_replies (id, kind, request_id, payload) SELECT id, 0, "requestId", payload FROM given
  ON CONFLICT (id) DO NOTHING`

const selectId = "SELECT id::text AS id FROM cluster_messages WHERE message_id = $1"

const make = Effect.map(SqlClient.SqlClient, (sql) =>
  Writes.of({
    lookEvery,
    request: gathered((rows: ReadonlyArray<RequestRow>) =>
      Effect.map(sql.unsafe<{ readonly key: string }>(insertMessages, [JSON.stringify(rows)]), (inserted) => {
        // Of two requests with one key, the first is kept.
        const fresh = new Set(inserted.map(({ key }) => key))
        return rows.map(({ key }) => fresh.delete(key))
      })
    ),
    reply: gathered((rows: ReadonlyArray<ReplyRow>) =>
      Effect.map(sql.unsafe(insertReplies, [JSON.stringify(rows)]), () => rows.map(() => undefined))
    ),
    // Executions start one after the other, and each waits for this.
    idOfKey: (key) => Effect.map(sql.unsafe<{ readonly id: string }>(selectId, [key]), ([row]) => row?.id)
  })
)

/**
 * The journal of the engine in Postgres. Concurrent writes of executions are combined into one statement.
 *
 * @example
 * ```ts
 * import * as PostgresMessageWriter from "@privx-kit/durable/PostgresMessageWriter"
 *
 * export const layer = PostgresMessageWriter.layer
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Writes, never, SqlClient.SqlClient> = Layer.effect(Writes, make)
