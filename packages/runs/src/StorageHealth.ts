/** Checks whether a process can still write the record of runs and the engine's journal. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Database } from "@privx-kit/durable/Database"
import * as JournalHealth from "@privx-kit/durable/JournalHealth"
import * as Effect from "effect/Effect"
import { Runs } from "./Runs.ts"

/** Fails if the record or the journal can no longer be written. */
export const probe: Effect.Effect<void, StorageFailed, Runs | Database> = Effect.andThen(
  Effect.flatMap(Runs, ({ probe }) => probe),
  JournalHealth.probe
)
