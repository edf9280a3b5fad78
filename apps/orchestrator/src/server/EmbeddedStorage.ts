/**
 * The storage of a server on one machine. It locks a data directory, and the same process claims and executes the
 * submitted runs. Nothing else has to be installed.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { statfsSync } from "node:fs"
import type { DataDirectoryBusy, DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import { type Domains, layerRunKinds } from "../domain/Domains.ts"
import * as EmbeddedRuntime from "../EmbeddedRuntime.ts"
import { layerSubmitted } from "../fleet/FleetWorkflow.ts"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { RunFeeder } from "@privx-kit/runs/RunFeeder"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { ProvenanceReader } from "./ProvenanceReader.ts"
import { Backend } from "./Health.ts"
import type { ServerStorage } from "./Server.ts"

export interface Options {
  readonly dataDir: string
  /** How many runs are executed at the same time. */
  readonly concurrency: number
}

const feeding = (concurrency: number) => Layer.effectDiscard(RunFeeder.use((feeder) => feeder.feed(concurrency)))

/** The write-ahead log of the database has reserved space for a while; artifacts have none. */
const withoutRoom = (directory: string) =>
  Effect.sync(() => {
    try {
      const { bavail, bsize } = statfsSync(directory)
      return bavail * bsize < leastRoom ? "the disk of the data directory is full" : undefined
    } catch {
      return "the data directory cannot be read"
    }
  })

/** In bytes. A run needs some 50 kB. */
const leastRoom = 128 * 1024

export const layer = (
  options: Options
): Layer.Layer<ServerStorage, DataDirectoryBusy | DataDirectoryUnusable, PrivxHosts | Domains> =>
  Layer.unwrap(
    // First, because it creates the tables.
    Effect.map(RunExecutor, () =>
      Layer.mergeAll(
        ProvenanceReader.layerDirectory,
        Layer.effect(
          PrivxHosts,
          Effect.map(PrivxHosts, (hosts) => hosts)
        ),
        // This process has migrated it and executes the runs.
        Layer.succeed(Backend, { unusable: withoutRoom(options.dataDir), workers: Effect.succeed(1) })
      ).pipe(
        // A separate connection, so that a long response and a run do not wait for each other's transactions.
        Layer.provideMerge([RunAccess.layer(options.dataDir, "write"), layerRunKinds])
      )
    )
  ).pipe(
    Layer.provide(
      feeding(options.concurrency).pipe(
        Layer.provide(RunFeeder.layer),
        Layer.provideMerge(EmbeddedRuntime.layer(options)),
        Layer.provide(layerSubmitted)
      )
    )
  )
