/**
 * The runs of a data directory for a process that executes none of them: it reads them or records requests while
 * another process may execute them. It takes no lock and starts no engine. If the data directory does not exist, it
 * finds nothing and creates nothing.
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

export type Services = Runs | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database | DataDirectory

/** @param mode `read` changes nothing; `write` records requests and removes ended runs */
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

/** The run with the given id or prefix, with its actual status. */
export const find = Effect.fn("RunAccess.find")((beginning: string) => Effect.flatMap(RunActions.find(beginning), seen))

/** The run with its actual status: a run that a killed process left as `running` is interrupted. */
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

/** The account that requests, for the record. */
export const me = (): string => {
  try {
    return os.userInfo().username
  } catch {
    return process.getuid === undefined ? "unknown" : `uid ${process.getuid()}`
  }
}
