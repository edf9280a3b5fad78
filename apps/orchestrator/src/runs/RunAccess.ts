/**
 * The runs of a data folder for a process that carries none of them out: it reads, or leaves a request, while another
 * process may be at work. It takes no lock, starts no engine, and without a data folder finds nothing and creates nothing.
 */
import { SqliteClient } from "@effect/sql-sqlite-node"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Database } from "../Database.ts"
import { DataFolder, type DataFolderBusy, type DataFolderUnusable, fromStorage, isHeld } from "../DataFolder.ts"
import * as Engine from "../Engine.ts"
import { migrations } from "../Migrations.ts"
import { fromSqlite } from "../SqliteFailure.ts"
import * as Storage from "../Storage.ts"
import { Approvals } from "./Approvals.ts"
import type { Run } from "./Run.ts"
import * as RunActions from "./RunActions.ts"
import { RunRequests } from "./RunRequests.ts"
import { Runs } from "./Runs.ts"

export type Services = Runs | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database | DataFolder

/** @param mode `read` changes nothing at all; `write` leaves requests and removes what is over */
export const layer = (
  folder: string,
  mode: "read" | "write"
): Layer.Layer<Services, DataFolderBusy | DataFolderUnusable> =>
  Layer.mergeAll(Runs.layer, RunRequests.layer, Approvals.layer, Engine.journal).pipe(
    Layer.provideMerge(client(path.resolve(folder), mode)),
    Layer.provideMerge(Storage.database(Storage.databaseFile(path.resolve(folder)))),
    Layer.provideMerge(Layer.succeed(DataFolder, { path: path.resolve(folder) })),
    Layer.provideMerge(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
    Layer.fresh
  )

const client = (
  folder: string,
  mode: "read" | "write"
): Layer.Layer<SqlClient.SqlClient, DataFolderBusy | DataFolderUnusable> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const file = Storage.databaseFile(folder)
      const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
      if (size === 0) return empty
      const found = yield* Storage.examine(folder, file, size)
      // Tables of an earlier version are brought up to date by whoever may hold the folder.
      if (found < Storage.version) {
        yield* Layer.build(Storage.layer.pipe(Layer.provide(DataFolder.layer(folder)), Layer.fresh)).pipe(Effect.scoped)
      }
      return Layer.effectContext(
        Layer.build(SqliteClient.layer({ filename: file, readonly: mode === "read", disableWAL: true })).pipe(
          Effect.tap((client) => Context.get(client, SqlClient.SqlClient)`PRAGMA busy_timeout = 5000`),
          // What cannot be opened is thrown.
          Effect.catchDefect(Effect.fail),
          Effect.mapError((error) => fromStorage(folder)(fromSqlite(file)(error)))
        )
      )
    })
  )

/** What a data folder is that nobody has used. */
const empty: Layer.Layer<SqlClient.SqlClient> = Layer.effectDiscard(
  Effect.andThen(
    Migrator.make({})({ loader: Migrator.fromRecord(migrations), table: "privx_kit_migrations" }),
    Layer.build(SqlMessageStorage.layerMigrations({}))
  ).pipe(Effect.scoped, Effect.orDie)
).pipe(Layer.provideMerge(SqliteClient.layer({ filename: ":memory:" })))

/** The run that is meant, as it is. */
export const find = Effect.fn("RunAccess.find")((beginning: string) => Effect.flatMap(RunActions.find(beginning), seen))

/** The run as it is: what a process that was killed has left as `running` is not. */
export const seen = Effect.fnUntraced(function* (run: Run): Effect.fn.Return<Run, never, DataFolder> {
  if (run.status !== "running") return run
  const { path: folder } = yield* DataFolder
  if (isHeld(folder)) return run
  return {
    ...run,
    status: "interrupted",
    steps: run.steps.map((step) => (step.status === "running" ? { ...step, status: "interrupted" } : step))
  }
})

/** Who asks, for the record. */
export const me = (): string => {
  try {
    return os.userInfo().username
  } catch {
    return process.getuid === undefined ? "unknown" : `uid ${process.getuid()}`
  }
}
