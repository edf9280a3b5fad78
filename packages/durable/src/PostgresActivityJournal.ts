/**
 * The exits of activities in the Postgres database that the processes of a cluster share.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { ActivityJournal, type Key, nameOf } from "./ActivityJournal.ts"
import { gathered } from "./Batcher.ts"

interface Row extends Key {
  readonly exit: string
}

const select = `
  SELECT execution_id AS "executionId", activity, attempt, exit FROM activity_exits WHERE execution_id = ANY($1::text[])`

const insert = `
  INSERT INTO activity_exits (execution_id, activity, attempt, exit)
  SELECT * FROM json_to_recordset($1::json) AS exit ("executionId" TEXT, activity TEXT, attempt INTEGER, exit TEXT)
  ON CONFLICT (execution_id, activity, attempt) DO NOTHING
  RETURNING execution_id AS "executionId", activity, attempt`

const make = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  const exits = gathered((executionIds: ReadonlyArray<string>) =>
    Effect.map(sql.unsafe<Row>(select, [executionIds]), (rows) => {
      const found = Map.groupBy(rows, ({ executionId }) => executionId)
      return executionIds.map((id) => new Map((found.get(id) ?? []).map((row) => [nameOf(row), row.exit])))
    })
  )

  const idOf = (key: Key) => `${key.executionId}/${nameOf(key)}`
  const record = gathered((rows: ReadonlyArray<Row>) =>
    Effect.map(sql.unsafe<Key>(insert, [JSON.stringify(rows)]), (inserted) => {
      const first = new Set(inserted.map(idOf))
      // Of two exits with one key, one is kept.
      return rows.map((row) => first.delete(idOf(row)))
    })
  )

  return ActivityJournal.of({ exits, record: (key, exit) => record({ ...key, exit }) })
})

/**
 * The exits of activities in the Postgres database that the processes of a cluster share.
 *
 * @example
 * ```ts
 * import * as PostgresActivityJournal from "@privx-kit/durable/PostgresActivityJournal"
 *
 * export const layer = PostgresActivityJournal.layer
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ActivityJournal, never, SqlClient.SqlClient> = Layer.effect(ActivityJournal, make)
