/**
 * The runs of a data directory for a process that executes none of them: it reads them or records requests while
 * another process may execute them. It takes no lock and starts no engine. If the data directory does not exist, it
 * finds nothing and creates nothing.
 *
 * @since 0.1.0
 */
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as os from "node:os"
import * as path from "node:path"
import { Database } from "@privx-kit/durable/Database"
import {
  DataDirectory,
  type DataDirectoryBusy,
  type DataDirectoryUnusable,
  fromStorage,
  isHeld,
  expectPrivate
} from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import { fromSqlite } from "@privx-kit/durable/SqliteFailure"
import * as SqliteClient from "@privx-kit/durable/SqliteClient"
import { GroupCommit } from "@privx-kit/durable/GroupCommit"
import * as SqliteStorage from "./SqliteStorage.ts"
import { Approvals } from "./Approvals.ts"
import type { Run } from "./Run.ts"
import * as RunActions from "./RunActions.ts"
import { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Services = Runs | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database | DataDirectory

/**
 * The runs of a data directory, for a process that executes none of them.
 *
 * **Details**: takes no lock and starts no engine. If the data directory does not exist, it finds nothing and creates
 * nothing.
 *
 * **Errors**: `DataDirectoryUnusable` if the directory cannot be read or other users can change it; `DataDirectoryBusy` if
 * it has to be migrated, and another process has locked it.
 *
 * @param mode `read` changes nothing; `write` records requests and removes ended runs
 *
 * @example
 * ```ts
 * import * as RunAccess from "@privx-kit/runs/RunAccess"
 * import { Runs } from "@privx-kit/runs/Runs"
 * import * as Effect from "effect/Effect"
 *
 * export const failed = Runs.use((runs) => runs.list({ status: ["failed"], limit: 10 })).pipe(
 *   Effect.provide(RunAccess.layer("/var/lib/privx-kit", "read"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  directory: string,
  mode: "read" | "write"
): Layer.Layer<Services, DataDirectoryBusy | DataDirectoryUnusable> =>
  Layer.mergeAll(Runs.layer, RunRequests.layer, Approvals.layer, EmbeddedEngine.journal).pipe(
    Layer.provideMerge(client(path.resolve(directory), mode)),
    Layer.provideMerge(SqliteStorage.database(SqliteStorage.databaseFile(path.resolve(directory)))),
    Layer.provideMerge(Layer.succeed(DataDirectory, { path: path.resolve(directory) })),
    Layer.provideMerge(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
    Layer.fresh
  )

const client = (
  directory: string,
  mode: "read" | "write"
): Layer.Layer<SqlClient.SqlClient, DataDirectoryBusy | DataDirectoryUnusable> =>
  Layer.unwrap(
    Effect.gen(function* () {
      yield* expectPrivate(directory)
      const file = SqliteStorage.databaseFile(directory)
      const size = yield* SqliteStorage.sizeOf(directory, file)
      yield* SqliteStorage.expectRecord(directory, size)
      if (size === 0) return empty
      const found = yield* SqliteStorage.examine(directory, file, size)
      // A process that locks the directory migrates tables of an earlier version.
      if (found < SqliteStorage.version || !(yield* SqliteStorage.isMigrated(directory, file))) {
        yield* Layer.build(SqliteStorage.layer.pipe(Layer.provide(DataDirectory.layer(directory)), Layer.fresh)).pipe(
          Effect.scoped
        )
      }
      return Layer.effectContext(
        Layer.build(
          Layer.provide(SqliteClient.layer, GroupCommit.layerBeside(file, { readOnly: mode === "read" }))
        ).pipe(
          Effect.tap((client) => Context.get(client, SqlClient.SqlClient)`PRAGMA busy_timeout = 5000`),
          // A database that cannot be opened throws.
          Effect.catchDefect(Effect.fail),
          Effect.mapError((error) => fromStorage(directory)(fromSqlite(file)(error)))
        )
      )
    })
  )

/** An unused data directory. */
const empty: Layer.Layer<SqlClient.SqlClient> = Layer.effectDiscard(
  SqliteStorage.migrate.pipe(Effect.scoped, Effect.orDie)
).pipe(Layer.provideMerge(SqliteClient.layer), Layer.provide(GroupCommit.layer(":memory:")))

/**
 * Finds a run by its id or a unique prefix, as {@link seen} shows it.
 *
 * **Errors**: `RunNotFound`, `RunAmbiguous` with the first candidates, `StorageFailed`.
 *
 * @example
 * ```ts
 * import * as RunAccess from "@privx-kit/runs/RunAccess"
 * import * as Effect from "effect/Effect"
 *
 * export const run = RunAccess.find("1f0c").pipe(Effect.provide(RunAccess.layer("/var/lib/privx-kit", "read")))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const find = Effect.fn("RunAccess.find")((beginning: string) => Effect.flatMap(RunActions.find(beginning), seen))

/**
 * Returns the current state of a run: a running one is interrupted if no process has locked the data directory.
 *
 * @example
 * ```ts
 * import * as RunAccess from "@privx-kit/runs/RunAccess"
 * import { Runs } from "@privx-kit/runs/Runs"
 * import * as Effect from "effect/Effect"
 *
 * export const all = Effect.flatMap(Runs.use((runs) => runs.list()), (runs) => Effect.forEach(runs, RunAccess.seen))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const seen = Effect.fnUntraced(function* (run: Run): Effect.fn.Return<Run, never, DataDirectory> {
  if (run.status !== "running") return run
  const { path: directory } = yield* DataDirectory
  if (isHeld(directory)) return run
  return {
    ...run,
    status: "interrupted",
    steps: run.steps.map((step) => (step.status === "running" ? { ...step, status: "interrupted" } : step))
  }
})

/**
 * Returns the name of the account of this process, for requests and decisions. An account without a name has its number.
 *
 * @example
 * ```ts
 * import * as RunAccess from "@privx-kit/runs/RunAccess"
 *
 * export const by = RunAccess.me()
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const me = (): string => {
  try {
    return os.userInfo().username
  } catch {
    return process.getuid === undefined ? "unknown" : `uid ${process.getuid()}`
  }
}
