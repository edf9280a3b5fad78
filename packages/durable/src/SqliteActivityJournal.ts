/**
 * The exits of activities in the SQLite file of a data directory.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ActivityJournal, nameOf } from "./ActivityJournal.ts"
import { GroupCommit } from "./GroupCommit.ts"

const select = "SELECT activity, attempt, exit FROM activity_exits WHERE execution_id = ?"

const insert = `
  INSERT INTO activity_exits (execution_id, activity, attempt, exit) VALUES (?, ?, ?, ?)
  ON CONFLICT (execution_id, activity, attempt) DO NOTHING`

const make = Effect.map(GroupCommit, ({ prepare, read, write }) =>
  ActivityJournal.of({
    exits: (executionId) =>
      read(
        () =>
          new Map(
            prepare(select)
              .execute([executionId])
              .map(({ activity, attempt, exit }) => [
                nameOf({ activity: String(activity), attempt: Number(attempt) }),
                String(exit)
              ])
          )
      ),
    record: ({ activity, attempt, executionId }, exit) =>
      write(() => prepare(insert).change([executionId, activity, attempt, exit]) > 0)
  })
)

/**
 * The exits of activities in the SQLite file of a data directory.
 *
 * @example
 * ```ts
 * import * as SqliteActivityJournal from "@privx-kit/durable/SqliteActivityJournal"
 *
 * export const layer = SqliteActivityJournal.layer
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ActivityJournal, never, GroupCommit> = Layer.effect(ActivityJournal, make)
