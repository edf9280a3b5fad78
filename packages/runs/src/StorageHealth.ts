/**
 * Checks whether a process can still write the record of runs and the engine's journal.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Database } from "@privx-kit/durable/Database"
import * as JournalHealth from "@privx-kit/durable/JournalHealth"
import * as Effect from "effect/Effect"
import { Runs } from "./Runs.ts"

/**
 * Fails if the record of runs or the journal of the engine can no longer be written.
 *
 * **Errors**: `StorageFailed` with the reason.
 *
 * @example
 * ```ts
 * import * as StorageHealth from "@privx-kit/runs/StorageHealth"
 *
 * export const healthy = StorageHealth.probe
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const probe: Effect.Effect<void, StorageFailed, Runs | Database> = Effect.andThen(
  Effect.flatMap(Runs, ({ probe }) => probe),
  JournalHealth.probe
)
