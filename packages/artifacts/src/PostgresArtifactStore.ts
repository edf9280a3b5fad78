/**
 * Stores downloads in the database, under the SHA-256 of their bytes, for every process of a cluster. A script is
 * small, and its size is bounded before anything is stored.
 *
 * @since 0.1.0
 */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import { type Artifact, ArtifactStore } from "./ArtifactStore.ts"
import { Database } from "@privx-kit/durable/Database"

/** Default limit: a Postgres column can store a gigabyte, but this process should not hold that in memory. */
const defaultMaxBytes = 64 * 1024 * 1024

/** If a script was stored within this time, in milliseconds, storing it again does not update its time. */
const youngFor = 3_600_000

/** Read scripts are cached for this time, in milliseconds: the runs of a fleet usually read the same script. */
const recentFor = 60_000
const recentCount = 16
const recentBytes = 1024 * 1024

interface Recent {
  readonly bytes: Uint8Array
  readonly storedAt: number
  readonly until: number
}

/** The text that replaces the path of a file. */
const nameOf = (sha256: string): string => `sha256:${sha256}`

/**
 * Stores artifacts in the shared database of a cluster.
 *
 * **When to use**: where several workers execute runs. `ArtifactStore.layer` is for one machine.
 *
 * **Errors**: none here; operations fail with `StorageFailed`, as those of the local store do.
 *
 * @example
 * ```ts
 * import * as PostgresArtifactStore from "@privx-kit/artifacts/PostgresArtifactStore"
 * import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * export const layer = PostgresArtifactStore.layer.pipe(
 *   Layer.provide(PostgresStorage.layer({ url: Redacted.make("postgres://kit@db.example.com/kit") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ArtifactStore, never, SqlClient.SqlClient | Database> = Layer.effect(
  ArtifactStore,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const database = yield* Database

    const recent = new Map<string, Recent>()

    const storedAtOf = (sha256: string) =>
      sql<{ storedAt: number }>`SELECT stored_at AS "storedAt" FROM artifacts WHERE sha256 = ${sha256}`.pipe(
        database.patient,
        Effect.mapBoth({ onFailure: database.failure, onSuccess: ([row]) => row?.storedAt })
      )

    const store: ArtifactStore["Service"]["store"] = Effect.fn("PostgresArtifacts.store")(function* (stream, options) {
      const { maxBytes = defaultMaxBytes, onProgress } = options ?? {}
      const pieces: Array<Uint8Array> = []
      const hash = createHash("sha256")
      let size = 0
      yield* Stream.runForEach(stream, (chunk) =>
        Effect.gen(function* () {
          size += chunk.length
          if (size > maxBytes) {
            const detail = `received more than ${maxBytes} bytes`
            return yield* new StorageFailed({ path: database.name, reason: "tooLarge", detail })
          }
          hash.update(chunk)
          pieces.push(chunk)
          if (onProgress !== undefined) yield* onProgress(size)
        })
      )
      const sha256 = hash.digest("hex")
      const now = yield* Clock.currentTimeMillis
      const known = recent.get(sha256)
      const storedAt = known !== undefined && now < known.until ? known.storedAt : yield* storedAtOf(sha256)
      // It was downloaded again, and pruning counts its age from about now. Not for each run, because all runs of a
      // fleet would update the same row.
      if (storedAt === undefined || storedAt < now - youngFor) {
        yield* sql`
          INSERT INTO artifacts (sha256, bytes, stored_at) VALUES (${sha256}, ${Buffer.concat(pieces)}, ${now})
          ON CONFLICT (sha256) DO UPDATE SET stored_at = excluded.stored_at`.pipe(
          database.patient,
          Effect.mapError(database.failure)
        )
        recent.delete(sha256)
      }
      return { sha256, bytes: size, path: nameOf(sha256) }
    })

    const read = Effect.fn("PostgresArtifacts.read")(function* (sha256: string) {
      const now = yield* Clock.currentTimeMillis
      const known = recent.get(sha256)
      if (known !== undefined && now < known.until) return known.bytes
      recent.delete(sha256)
      const [row] = yield* sql<{ bytes: Uint8Array; storedAt: number }>`
        SELECT bytes, stored_at AS "storedAt" FROM artifacts WHERE sha256 = ${sha256}`.pipe(
        database.patient,
        Effect.mapError(database.failure)
      )
      const problem =
        row === undefined
          ? ({ reason: "missing", detail: `it has no script ${sha256}` } as const)
          : createHash("sha256").update(row.bytes).digest("hex") === sha256
            ? undefined
            : ({ reason: "damaged", detail: `the bytes of ${sha256} no longer match that hash` } as const)
      if (problem !== undefined || row === undefined) {
        return yield* new StorageFailed({ path: database.name, reason: "missing", detail: "", ...problem })
      }
      if (row.bytes.length <= recentBytes) {
        if (recent.size >= recentCount) recent.clear()
        recent.set(sha256, { ...row, until: now + recentFor })
      }
      return row.bytes
    })

    const find = Effect.fn("PostgresArtifacts.find")(function* (sha256: string) {
      const [row] = yield* sql<{
        bytes: number
      }>`SELECT length(bytes)::int AS bytes FROM artifacts WHERE sha256 = ${sha256}`.pipe(
        database.patient,
        Effect.mapError(database.failure)
      )
      return row === undefined ? undefined : ({ sha256, bytes: row.bytes, path: nameOf(sha256) } satisfies Artifact)
    })

    return ArtifactStore.of({ store, read, find })
  })
)
