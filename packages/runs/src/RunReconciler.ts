/** Applies requests about runs: at once where this process can, otherwise at the process that executes the run. */
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

/** Applies cancellations if no process has locked the data directory; otherwise that process does. */
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

/** The run when it has ended, or its current state after a time limit. */
export const outcome = (runId: string, patience: Duration.Input = "5 seconds") =>
  RunAccess.find(runId).pipe(
    Effect.delay("50 millis"),
    Effect.repeat({ until: isOver }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => RunAccess.find(runId) })
  )
