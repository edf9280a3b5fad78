/**
 * The exits of activities: one row for each activity that has ended, read once when an execution starts or resumes. The
 * engine's journal records when an execution was requested and how it ended.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"

/** An activity of an execution. */
export interface Key {
  readonly executionId: string
  readonly activity: string
  /** Counts from 1. */
  readonly attempt: number
}

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

/** The key of an activity within its execution. */
export const nameOf = ({ activity, attempt }: Omit<Key, "executionId">): string => `${activity}/${attempt}`
