/**
 * The state of a keep-alive run. A process that takes the run over reads the remaining time from it, and people can
 * follow it.
 */
import { Database } from "@privx-kit/durable/Database"
import * as RunRows from "@privx-kit/runs/RunRows"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"

/** Times are in milliseconds since 1970. */
const Row = Schema.Struct({
  runId: Schema.String,
  /** The number of successful re-authentications. */
  count: Schema.Int,
  /** When the last re-authentication expires. */
  until: Schema.Int,
  /** When the last re-authentication was made; `null` before the first one. */
  lastCallAt: Schema.NullOr(Schema.Int),
  /** When the next re-authentication is due. */
  nextCallAt: Schema.Int,
  /** Whether the last call failed with a temporary error: 0 or 1. */
  failing: Schema.Int
})

export type KeepAliveState = Omit<typeof Row.Type, "runId">

/** The states of the runs that have made a call. */
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
