/** What follows a request: somebody acts on it, now if that can be. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DataFolder } from "../DataFolder.ts"
import * as Engine from "../Engine.ts"
import * as Storage from "../Storage.ts"
import * as RequestWatcher from "./RequestWatcher.ts"
import { isOver } from "./Run.ts"
import * as RunAccess from "./RunAccess.ts"
import { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/** Where no process holds the folder, cancels what is to be cancelled. Where one does, that one will. */
export const settle = (folder: string) =>
  RequestWatcher.settleCancellations().pipe(
    Effect.provide(
      Layer.mergeAll(Runs.layer, RunRequests.layer, Engine.journal).pipe(
        Layer.provide(Storage.layer),
        Layer.provideMerge(DataFolder.layer(folder)),
        Layer.fresh
      )
    ),
    Effect.catchTag("DataFolderBusy", () => Effect.void)
  )

/** The run, as soon as it is over, or as it is after a while. */
export const outcome = (runId: string, patience: Duration.Input = "5 seconds") =>
  RunAccess.find(runId).pipe(
    Effect.delay("50 millis"),
    Effect.repeat({ until: isOver }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => RunAccess.find(runId) })
  )
