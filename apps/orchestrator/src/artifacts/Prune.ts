/**
 * Removes stored artifacts that nobody needs any more. Runs that are not over, and what was approved, keep theirs, whatever
 * is asked. Manifests and attestations stay: they are the proof.
 *
 * It holds the data folder, so that no run can begin meanwhile.
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import { DatabaseSync } from "node:sqlite"
import { DataFolder, type DataFolderBusy, DataFolderUnusable } from "../DataFolder.ts"
import { fromSqlite } from "../SqliteFailure.ts"
import * as Storage from "../Storage.ts"
import * as ArtifactFolder from "./ArtifactFolder.ts"

export interface Options {
  /** The latest that are kept in any case; default 0. */
  readonly keep?: number | undefined
  /** Younger ones are kept; without it, age does not count. */
  readonly olderThan?: Duration.Duration | undefined
  /** Only says what would be removed. */
  readonly dryRun: boolean
}

export interface Kept extends ArtifactFolder.Stored {
  readonly reason: "latest" | "young" | "unfinished run" | "approved"
}

export interface Report {
  readonly removed: ReadonlyArray<ArtifactFolder.Stored>
  readonly kept: ReadonlyArray<Kept>
}

export const run = Effect.fn("Prune.run")(function* (
  options: Options
): Effect.fn.Return<Report, StorageFailed | DataFolderUnusable, DataFolder> {
  const { path: folder } = yield* DataFolder
  const needed = yield* neededBy(folder)
  const now = yield* DateTime.now
  const removed: Array<ArtifactFolder.Stored> = []
  const kept: Array<Kept> = []
  for (const [index, one] of (yield* ArtifactFolder.list(folder)).entries()) {
    const reason = reasonToKeep(one, index, now, options, needed)
    if (reason !== undefined) {
      kept.push({ ...one, reason })
      continue
    }
    if (!options.dryRun) yield* Effect.tryPromise({ try: () => fs.rm(one.path), catch: fromSystem(one.path) })
    removed.push(one)
  }
  return { removed, kept }
})

interface Needed {
  readonly approved: ReadonlySet<string>
  readonly unfinished: ReadonlySet<string>
  /** When the oldest unfinished run was begun: it may need anything that was stored since. */
  readonly since: number
}

const reasonToKeep = (
  one: ArtifactFolder.Stored,
  index: number,
  now: DateTime.Utc,
  { keep = 0, olderThan }: Options,
  needed: Needed
): Kept["reason"] | undefined => {
  const stored = one.storedAt.epochMilliseconds
  if (needed.approved.has(one.sha256)) return "approved"
  if (needed.unfinished.has(one.sha256) || stored >= needed.since - slack) return "unfinished run"
  if (index < keep) return "latest"
  if (olderThan !== undefined && now.epochMilliseconds - stored < Duration.toMillis(olderThan)) return "young"
  return undefined
}

/** File systems round times; nothing is lost by keeping a little more. */
const slack = 5000

/** Reads the tables without changing them: another version may have made them. */
const neededBy = (folder: string): Effect.Effect<Needed, StorageFailed | DataFolderUnusable> => {
  const file = Storage.databaseFile(folder)
  return Effect.tryPromise({ try: () => fs.stat(file), catch: fromSystem(file) }).pipe(
    Effect.flatMap(() => Effect.try({ try: () => read(file), catch: fromSqlite(file) })),
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed(nothing)
    ),
    Effect.filterOrFail(
      ({ version }) => version <= Storage.version,
      ({ version }) =>
        new DataFolderUnusable({
          path: folder,
          reason: "newerVersion",
          detail: `the database has version ${version}, this privx-kit knows up to ${Storage.version}`
        })
    )
  )
}

const nothing = {
  approved: new Set<string>(),
  unfinished: new Set<string>(),
  since: Number.POSITIVE_INFINITY,
  version: 0
}

const read = (file: string): Needed & { readonly version: number } => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = (sql: string) => database.prepare(sql).all()
    const tables = new Set(rows("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => name))
    const open = tables.has("runs") ? rows("SELECT * FROM runs WHERE ended_at IS NULL") : []
    const approved = tables.has("approvals") ? rows("SELECT sha256 FROM approvals") : []
    return {
      approved: digestsIn(approved),
      unfinished: digestsIn(open),
      since: Math.min(...open.map((row) => Number(row["created_at"]))),
      version: Number(rows("PRAGMA user_version")[0]?.["user_version"])
    }
  } finally {
    database.close()
  }
}

/** Wherever they stand: the pin of a run, its script, the approved one that it is compared with. */
const digestsIn = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>): ReadonlySet<string> =>
  new Set(rows.flatMap((row) => Object.values(row)).flatMap((value) => String(value).match(/\b[0-9a-f]{64}\b/g) ?? []))

/** For a command: with the lock. */
export const runIn = (
  dataFolder: string,
  options: Options
): Effect.Effect<Report, StorageFailed | DataFolderUnusable | DataFolderBusy> =>
  Effect.provide(run(options), DataFolder.layer(dataFolder))
