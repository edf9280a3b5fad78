/** The engine's journal in Postgres: what the executions of a process write at about the same time is one statement. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type ReplyRow, type RequestRow, Writes } from "../Messages.ts"
import { gathered } from "./Gathered.ts"

/** Others tell this process when they have something for it: it should not have to wait. In milliseconds. */
const lookEvery = 50

const insertMessages = `
  INSERT INTO cluster_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, payload, headers, trace_id,
    span_id, sampled, request_id, last_read)
  SELECT id::bigint, message_id, shard_id, entity_type, entity_id, 0, tag, payload, headers, trace_id, span_id, sampled,
    id::bigint, now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::boolean[]) AS given (id, message_id, shard_id, entity_type, entity_id, tag, payload, headers,
    trace_id, span_id, sampled)
  ON CONFLICT (message_id) DO NOTHING
  RETURNING message_id AS key`

const insertReplies = `
  WITH given AS (
    SELECT id::bigint, request_id::bigint, payload
    FROM unnest($1::text[], $2::text[], $3::text[]) AS given (id, request_id, payload)
  ), processed AS (
    UPDATE cluster_messages SET processed = TRUE, last_reply_id = given.id FROM given
    WHERE cluster_messages.request_id = given.request_id
  )
  INSERT INTO cluster_replies (id, kind, request_id, payload) SELECT id, 0, request_id, payload FROM given`

const selectId = "SELECT id::text AS id FROM cluster_messages WHERE message_id = $1"

const make = Effect.map(SqlClient.SqlClient, (sql) =>
  Writes.of({
    lookEvery,
    request: gathered((rows: ReadonlyArray<RequestRow>) =>
      Effect.map(
        sql.unsafe<{ readonly key: string }>(insertMessages, [
          rows.map(({ id }) => id),
          rows.map(({ key }) => key),
          rows.map(({ shard }) => shard),
          rows.map(({ entityType }) => entityType),
          rows.map(({ entityId }) => entityId),
          rows.map(({ tag }) => tag),
          rows.map(({ payload }) => payload),
          rows.map(({ headers }) => headers),
          rows.map(({ traceId }) => traceId),
          rows.map(({ spanId }) => spanId),
          rows.map(({ sampled }) => sampled)
        ]),
        (inserted) => {
          // Of two with one key, the first is the one that is there.
          const fresh = new Set(inserted.map(({ key }) => key))
          return rows.map(({ key }) => fresh.delete(key))
        }
      )
    ),
    reply: gathered((rows: ReadonlyArray<ReplyRow>) =>
      Effect.map(
        sql.unsafe(insertReplies, [
          rows.map(({ id }) => id),
          rows.map(({ requestId }) => requestId),
          rows.map(({ payload }) => payload)
        ]),
        () => rows.map(() => undefined)
      )
    ),
    // Executions begin one after the other, and each waits for this.
    idOfKey: (key) => Effect.map(sql.unsafe<{ readonly id: string }>(selectId, [key]), ([row]) => row?.id)
  })
)

export const layer: Layer.Layer<Writes, never, SqlClient.SqlClient> = Layer.effect(Writes, make)
