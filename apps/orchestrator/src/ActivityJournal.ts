/**
 * What the activities of runs have come to: one row for each that is over, read once when an execution begins or is taken
 * up again. It stands beside the engine's journal, which knows when an execution was asked for and how it ended.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql/SqlError"

/** An activity of an execution. */
export interface Key {
  readonly executionId: string
  readonly activity: string
  /** From 1. */
  readonly attempt: number
}

export class ActivityJournal extends Context.Service<
  ActivityJournal,
  {
    /** The exits of an execution's activities, in JSON, by {@link nameOf}. */
    readonly exits: (executionId: string) => Effect.Effect<ReadonlyMap<string, string>, SqlError>
    /**
     * Succeeds when the exit is committed. Where another process was at the same activity and was first, nothing is written
     * and `false` is the answer: what that one wrote stands.
     */
    readonly record: (key: Key, exit: string) => Effect.Effect<boolean, SqlError>
  }
>()("privx-kit/ActivityJournal") {}

/** What tells one activity of an execution from another. */
export const nameOf = ({ activity, attempt }: Omit<Key, "executionId">): string => `${activity}/${attempt}`
