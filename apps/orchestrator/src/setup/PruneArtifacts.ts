/**
 * Removes stored artifacts that are no longer needed. Artifacts of unfinished runs and approved scripts are always kept.
 * Manifests and attestations are kept, because they are the provenance.
 *
 * Holds the lock of the data directory, so that no run can start meanwhile.
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import { DatabaseSync } from "node:sqlite"
import { DataDirectory, type DataDirectoryBusy, type DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import { fromSqlite } from "@privx-kit/durable/SqliteFailure"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"

export interface Options {
  /** The number of latest artifacts that are always kept; default 0. */
  readonly keep?: number | undefined
  /** Artifacts younger than this are kept; if absent, age does not count. */
  readonly olderThan?: Duration.Duration | undefined
  /** Only report what would be removed. */
  readonly dryRun: boolean
}

export interface Kept extends ArtifactDirectory.Stored {
  readonly reason: "latest" | "young" | "unfinished run" | "baseline" | "approved"
}

export interface Report {
  readonly removed: ReadonlyArray<ArtifactDirectory.Stored>
  readonly kept: ReadonlyArray<Kept>
}

export const run = Effect.fn("Prune.run")(function* (
  options: Options
): Effect.fn.Return<Report, StorageFailed | DataDirectoryUnusable | DataDirectoryBusy, DataDirectory> {
  const { path: directory } = yield* DataDirectory
  // Without a complete record, it is unknown which scripts are baselines or approved.
  yield* SqliteStorage.check(directory)
  const needed = yield* neededBy(directory)
  const now = yield* DateTime.now
  const removed: Array<ArtifactDirectory.Stored> = []
  const kept: Array<Kept> = []
  for (const [index, one] of (yield* ArtifactDirectory.list(directory)).entries()) {
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
  readonly baselines: ReadonlySet<string>
  readonly unfinished: ReadonlySet<string>
  /** The start of the oldest unfinished run: it may need any artifact that was stored later. */
  readonly since: number
}

const reasonToKeep = (
  one: ArtifactDirectory.Stored,
  index: number,
  now: DateTime.Utc,
  { keep = 0, olderThan }: Options,
  needed: Needed
): Kept["reason"] | undefined => {
  const stored = one.storedAt.epochMilliseconds
  if (needed.approved.has(one.sha256)) return "approved"
  if (needed.baselines.has(one.sha256)) return "baseline"
  if (needed.unfinished.has(one.sha256) || stored >= needed.since - slack) return "unfinished run"
  if (index < keep) return "latest"
  if (olderThan !== undefined && now.epochMilliseconds - stored < Duration.toMillis(olderThan)) return "young"
  return undefined
}

/** File systems round times, and keeping slightly more is harmless. */
const slack = 5000

/** Reads the tables without migrating them: an earlier version may have created them. */
const neededBy = (directory: string): Effect.Effect<Needed, StorageFailed> => {
  const file = SqliteStorage.databaseFile(directory)
  return Effect.tryPromise({ try: () => fs.stat(file), catch: fromSystem(file) }).pipe(
    Effect.flatMap(() => Effect.try({ try: () => read(file), catch: fromSqlite(file) })),
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed(nothing)
    )
  )
}

const nothing = {
  approved: new Set<string>(),
  baselines: new Set<string>(),
  unfinished: new Set<string>(),
  since: Number.POSITIVE_INFINITY
}

const read = (file: string): Needed => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = (sql: string) => database.prepare(sql).all()
    const tables = new Set(rows("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => name))
    const open = tables.has("runs") ? rows("SELECT * FROM runs WHERE ended_at IS NULL") : []
    const approvals = tables.has("approvals") ? rows("SELECT * FROM approvals") : []
    const isBaseline = (row: (typeof approvals)[number]) => row["approved_by"] === null
    return {
      approved: digestsIn(approvals.filter((row) => !isBaseline(row))),
      baselines: digestsIn(approvals.filter(isBaseline)),
      unfinished: digestsIn(open),
      since: Math.min(...open.map((row) => Number(row["created_at"])))
    }
  } finally {
    database.close()
  }
}

/** Digests in any field: the pin of a run, its script, its reference script. */
const digestsIn = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>): ReadonlySet<string> =>
  new Set(rows.flatMap((row) => Object.values(row)).flatMap((value) => String(value).match(/\b[0-9a-f]{64}\b/g) ?? []))

/** For a command: holds the lock. */
export const runIn = (
  dataDirectory: string,
  options: Options
): Effect.Effect<Report, StorageFailed | DataDirectoryUnusable | DataDirectoryBusy> =>
  Effect.provide(run(options), DataDirectory.layer(dataDirectory))
