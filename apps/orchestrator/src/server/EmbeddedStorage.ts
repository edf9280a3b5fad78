/**
 * The server's storage on one machine: it holds a data folder, and its own process takes the submitted runs from the record
 * and carries them out. Nothing else has to be installed.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { DataFolderBusy, DataFolderUnusable } from "../DataFolder.ts"
import { FleetDriver, handedOver } from "../fleet/FleetDriver.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { embedded, layerOwn, Setups } from "../Setups.ts"
import type { Targets } from "../Targets.ts"
import { Evidence } from "./Evidence.ts"
import { Backend } from "./Health.ts"
import type { ServerStorage } from "./Server.ts"

export interface Options {
  readonly dataDir: string
  /** How many runs are under way at a time. */
  readonly concurrency: number
}

const feeding = (concurrency: number) => Layer.effectDiscard(FleetDriver.use((driver) => driver.feed(concurrency)))

export const layer = (options: Options): Layer.Layer<ServerStorage, DataFolderBusy | DataFolderUnusable, Targets> =>
  Layer.unwrap(
    // First, because the tables are its business.
    Effect.map(Setups, () =>
      Layer.mergeAll(
        Evidence.layerFolder,
        // It was brought up to date by this process, which also is the one that works.
        Layer.succeed(Backend, { migrated: Effect.succeed(true), workers: Effect.succeed(1) })
      ).pipe(
        // A connection of its own: a long answer and a run do not wait for each other's transactions.
        Layer.provideMerge(RunAccess.layer(options.dataDir, "write"))
      )
    )
  ).pipe(
    Layer.provide(
      embedded(
        options,
        feeding(options.concurrency).pipe(Layer.provide(FleetDriver.layer), Layer.provideMerge(layerOwn))
      ).pipe(Layer.provide(handedOver))
    )
  )
