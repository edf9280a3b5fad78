/**
 * Checks every stored artifact: reads it completely, compares its hash with its name, and checks its permissions. A
 * changed artifact is moved to `artifacts/quarantine`, where no run uses it, and kept for an investigation. An
 * unreadable artifact stays in place, because it may be unchanged.
 *
 * Checking needs no lock. Moving does, because the process that has locked the data directory may be about to replace
 * the file.
 *
 * @since 0.1.0
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as ArtifactDirectory from "./ArtifactDirectory.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Damaged {
  readonly sha256: string
  readonly bytes: number
  /** The hash of the current bytes. */
  readonly found: string
  readonly detail: string
  /** Its current path; `null` if it was not moved. */
  readonly quarantined: string | null
}

/**
 * An artifact that could not be read: a missing permission, too many open files, or a failing disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unreadable {
  readonly sha256: string
  readonly path: string
  readonly detail: string
  readonly hint: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Exposed {
  readonly path: string
  /** Its previous permissions. */
  readonly mode: string
  /** Whether it was made private to its owner again. */
  readonly repaired: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Report {
  readonly artifacts: number
  readonly bytes: number
  readonly damaged: ReadonlyArray<Damaged>
  readonly unreadable: ReadonlyArray<Unreadable>
  readonly exposed: ReadonlyArray<Exposed>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly artifacts: number
  readonly ofArtifacts: number
  readonly bytes: number
  readonly ofBytes: number
}

/**
 * Returns whether nothing was found.
 *
 * @example
 * ```ts
 * import * as Fsck from "@privx-kit/artifacts/Fsck"
 *
 * export const text = (report: Fsck.Report): string => (Fsck.isSound(report) ? "sound" : `${report.damaged.length} damaged`)
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSound = ({ damaged, exposed, unreadable }: Report): boolean =>
  damaged.length === 0 && unreadable.length === 0 && exposed.length === 0

/**
 * Checks every stored artifact, and moves changed ones to `artifacts/quarantine`.
 *
 * **Details**: each file is read completely and compared with its name. Permissions that let others read it are made private
 * again. Moving needs the lock of the data directory: while another process has it, nothing is moved.
 *
 * **Errors**: `StorageFailed` if the directory cannot be read. What is wrong with an artifact is in the report.
 *
 * @param onProgress called after each piece that was read
 *
 * @example
 * ```ts
 * import * as Fsck from "@privx-kit/artifacts/Fsck"
 * import * as Effect from "effect/Effect"
 *
 * export const sound = Effect.map(Fsck.run("/var/lib/privx-kit"), Fsck.isSound)
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const run = Effect.fn("Fsck.run")(function* (
  dataDirectory: string,
  onProgress: (progress: Progress) => Effect.Effect<void> = () => Effect.void
): Effect.fn.Return<Report, StorageFailed> {
  const all = yield* ArtifactDirectory.list(dataDirectory)
  const ofBytes = all.reduce((sum, { bytes }) => sum + bytes, 0)
  const damaged: Array<Damaged> = []
  const unreadable: Array<Unreadable> = []
  const exposed: Array<Exposed> = []
  let bytes = 0
  for (const [artifacts, one] of all.entries()) {
    const wrong = yield* examine(one, (piece) => {
      bytes += piece
      return onProgress({ artifacts, ofArtifacts: all.length, bytes, ofBytes })
    })
    if (wrong !== undefined && "found" in wrong) damaged.push(wrong)
    else if (wrong !== undefined) unreadable.push(wrong)
    if (one.exposed) exposed.push({ path: one.path, mode: one.mode, repaired: yield* close(one.path) })
  }
  return {
    artifacts: all.length,
    bytes: ofBytes,
    damaged: damaged.length === 0 ? [] : yield* quarantine(dataDirectory, damaged),
    unreadable,
    exposed
  }
})

const examine = (
  one: Pick<ArtifactDirectory.Stored, "bytes" | "path" | "sha256">,
  onPiece?: (bytes: number) => Effect.Effect<void>
): Effect.Effect<Damaged | Unreadable | undefined> => {
  const { bytes, path, sha256 } = one
  return ArtifactDirectory.hash(one.path, onPiece).pipe(
    Effect.map((found) =>
      found === sha256
        ? undefined
        : { sha256, bytes, found, detail: "its bytes no longer match this hash", quarantined: null }
    ),
    Effect.catch((failure) =>
      Effect.succeed(
        // Pruned in the meantime.
        failure.reason === "missing" ? undefined : { sha256, path, detail: failure.detail, hint: failure.hint }
      )
    )
  )
}

const close = (file: string): Effect.Effect<boolean> =>
  Effect.promise(() =>
    fs.chmod(file, 0o600).then(
      () => true,
      () => false
    )
  )

/** With the lock they are checked again: the correct bytes may have been stored meanwhile. */
const quarantine = (
  dataDirectory: string,
  damaged: ReadonlyArray<Damaged>
): Effect.Effect<ReadonlyArray<Damaged>, StorageFailed> =>
  Layer.build(DataDirectory.layer(dataDirectory)).pipe(
    Effect.andThen(
      Effect.forEach(damaged, (one) =>
        Effect.gen(function* () {
          const from = path.join(
            ArtifactDirectory.directoryOf(dataDirectory),
            "sha256",
            one.sha256.slice(0, 2),
            one.sha256
          )
          const still = yield* examine({ ...one, path: from })
          if (still === undefined || !("found" in still)) return []
          const at = DateTime.formatIso(yield* DateTime.now).replaceAll(/[:.]/g, "-")
          const to = path.join(ArtifactDirectory.directoryOf(dataDirectory), "quarantine", `${one.sha256}-${at}`)
          yield* DurableFile.makeDirectory(path.dirname(to))
          yield* Effect.tryPromise({ try: () => fs.rename(from, to), catch: fromSystem(from) })
          return [{ ...one, quarantined: to }]
        })
      )
    ),
    Effect.map((moved) => moved.flat()),
    Effect.scoped,
    Effect.catchTags({
      DataDirectoryBusy: (busy) => Effect.succeed(leftBecause(damaged, `not moved: ${busy.message}`)),
      DataDirectoryUnusable: (unusable) => Effect.succeed(leftBecause(damaged, `not moved: ${unusable.message}`))
    })
  )

const leftBecause = (damaged: ReadonlyArray<Damaged>, why: string): ReadonlyArray<Damaged> =>
  damaged.map((one) => ({ ...one, detail: `${one.detail}; ${why}` }))
