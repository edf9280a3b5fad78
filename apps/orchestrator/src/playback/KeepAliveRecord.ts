/**
 * The state of a run's keep-alive: so that a process that takes it over knows the remaining time, and for people who watch it.
 */
import { Database } from "@privx-kit/durable/Database"
import * as RunRows from "@privx-kit/runs/RunRows"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"

/** Times are in milliseconds since 1970. */
const Row = Schema.Struct({
  runId: Schema.String,
  /** How many re-authentications succeeded. */
  count: Schema.Int,
  /** When the last of them ends. */
  until: Schema.Int,
  /** When the last of them was made; `null` before the first. */
  lastCallAt: Schema.NullOr(Schema.Int),
  /** When the next one is due. */
  nextCallAt: Schema.Int,
  /** Whether the last call failed with a temporary error: 0 or 1. */
  failing: Schema.Int
})

export type KeepAliveState = Omit<typeof Row.Type, "runId">

/** Those of the runs that have made a call. */
export const readAll = Effect.fnUntraced(function* (runIds: ReadonlyArray<string>) {
  if (runIds.length === 0) return []
  const sql = yield* SqlClient.SqlClient
  const { rows } = RunRows.make(sql, yield* Database)
  return yield* rows(Schema.Array(Row))(sql`
    SELECT run_id AS "runId", count, CAST(authenticated_until AS DOUBLE PRECISION) AS until,
      CAST(last_call_at AS DOUBLE PRECISION) AS "lastCallAt", CAST(next_call_at AS DOUBLE PRECISION) AS "nextCallAt", failing
    FROM playback_keep_alives WHERE run_id IN ${sql.in(runIds)}`)
})

/** `undefined` before the first call. */
export const read = (runId: string) => Effect.map(readAll([runId]), ([found]) => found)

export const write = Effect.fnUntraced(function* (runId: string, state: KeepAliveState) {
  const sql = yield* SqlClient.SqlClient
  const { stored } = RunRows.make(sql, yield* Database)
  const { count, failing, lastCallAt, nextCallAt, until } = state
  yield* stored(sql`
    INSERT INTO playback_keep_alives (run_id, count, authenticated_until, last_call_at, next_call_at, failing)
    VALUES (${runId}, ${count}, ${until}, ${lastCallAt}, ${nextCallAt}, ${failing})
    ON CONFLICT (run_id) DO UPDATE SET count = EXCLUDED.count, authenticated_until = EXCLUDED.authenticated_until,
      last_call_at = EXCLUDED.last_call_at, next_call_at = EXCLUDED.next_call_at, failing = EXCLUDED.failing`)
})
