/**
 * The exits of activities: one row for each activity that has ended, read once when an execution starts or resumes. The
 * engine's journal records when an execution was requested and how it ended.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"

/**
 * An activity of an execution.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  readonly executionId: string
  readonly activity: string
  /** Counts from 1. */
  readonly attempt: number
}

/**
 * Records how activities have ended, one row for each.
 *
 * **Errors**: `SqlError` if the database fails. The engine retries.
 *
 * @example
 * ```ts
 * import { ActivityJournal } from "@privx-kit/durable/ActivityJournal"
 *
 * export const exits = ActivityJournal.use((journal) => journal.exits("an execution id"))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class ActivityJournal extends Context.Service<
  ActivityJournal,
  {
    /** The exits of an execution's activities, in JSON, by {@link nameOf}. */
    readonly exits: (executionId: string) => Effect.Effect<ReadonlyMap<string, string>, SqlError>
    /**
     * Succeeds when the exit is committed. If another process has committed an exit of the same activity first, it
     * writes nothing and returns `false`: the first exit is kept.
     */
    readonly record: (key: Key, exit: string) => Effect.Effect<boolean, SqlError>
  }
>()("privx-kit/ActivityJournal") {}

/**
 * Returns the key of an activity within its execution.
 *
 * @example
 * ```ts
 * import * as ActivityJournal from "@privx-kit/durable/ActivityJournal"
 *
 * export const key = ActivityJournal.nameOf({ activity: "deliver", attempt: 1 }) // deliver/1
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const nameOf = ({ activity, attempt }: Omit<Key, "executionId">): string => `${activity}/${attempt}`
