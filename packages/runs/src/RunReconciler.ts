/**
 * Applies requests for runs: immediately if this process can, otherwise through the process that executes the run.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import * as SqliteStorage from "./SqliteStorage.ts"
import * as RequestWatcher from "./RequestWatcher.ts"
import { isOver } from "./Run.ts"
import * as RunAccess from "./RunAccess.ts"
import { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/**
 * Acts on the cancellations of a data directory that no process uses. If one uses it, that process acts.
 *
 * **Errors**: `StorageFailed` or `DataDirectoryUnusable` if the directory cannot be used.
 *
 * @example
 * ```ts
 * import * as RunReconciler from "@privx-kit/runs/RunReconciler"
 *
 * export const settled = RunReconciler.settle("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const settle = (directory: string) =>
  RequestWatcher.settleCancellations().pipe(
    Effect.provide(
      Layer.mergeAll(Runs.layer, RunRequests.layer, EmbeddedEngine.journal).pipe(
        Layer.provide(SqliteStorage.layer),
        Layer.provideMerge(DataDirectory.layer(directory)),
        Layer.fresh
      )
    ),
    Effect.catchTag("DataDirectoryBusy", () => Effect.void)
  )

/**
 * Waits a moment for the end of a run, and returns its state then.
 *
 * **When to use**: after a request, to show what came of it.
 *
 * **Errors**: `RunNotFound`, `RunAmbiguous`, `StorageFailed`.
 *
 * @example
 * ```ts
 * import * as RunReconciler from "@privx-kit/runs/RunReconciler"
 *
 * export const run = RunReconciler.outcome("0f8fad5b-d9cb-469f-a165-70867728950e", "5 seconds")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const outcome = (runId: string, patience: Duration.Input = "5 seconds") =>
  RunAccess.find(runId).pipe(
    Effect.delay("50 millis"),
    Effect.repeat({ until: isOver }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => RunAccess.find(runId) })
  )
