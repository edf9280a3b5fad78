/** The state of a run's keep-alive, so that a process that takes it over knows the remaining time. */
import { Database } from "@privx-kit/durable/Database"
import * as RunRows from "@privx-kit/runs/RunRows"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"

const Row = Schema.Struct({
  /** How many re-authentications succeeded. */
  count: Schema.Int,
  /** When the last of them ends, in milliseconds since 1970. */
  until: Schema.Int
})

export type KeepAliveState = typeof Row.Type

/** `undefined` before the first re-authentication. */
export const read = Effect.fnUntraced(function* (runId: string) {
  const { rows } = RunRows.make(yield* SqlClient.SqlClient, yield* Database)
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* rows(Schema.Array(Row))(sql`
    SELECT count, CAST(authenticated_until AS DOUBLE PRECISION) AS until FROM playback_keep_alives
    WHERE run_id = ${runId}`)
  return found
})

export const write = Effect.fnUntraced(function* (runId: string, { count, until }: KeepAliveState) {
  const sql = yield* SqlClient.SqlClient
  const { stored } = RunRows.make(sql, yield* Database)
  yield* stored(sql`
    INSERT INTO playback_keep_alives (run_id, count, authenticated_until) VALUES (${runId}, ${count}, ${until})
    ON CONFLICT (run_id) DO UPDATE SET count = EXCLUDED.count, authenticated_until = EXCLUDED.authenticated_until`)
})
