/**
 * Looks at every stored artifact again: reads it through, compares its hash with its name, and sees whether others may get
 * at it. What has changed is moved to `artifacts/quarantine`, out of the way of every run, and kept for an inquiry.
 *
 * Looking needs no lock. Moving does, because the process that holds the data folder may be about to put the file right.
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/http/DurableFile"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DataFolder } from "../DataFolder.ts"
import * as ArtifactFolder from "./ArtifactFolder.ts"

export interface Damaged {
  readonly sha256: string
  readonly bytes: number
  /** The hash of what is there now; `null` when it cannot be read. */
  readonly found: string | null
  readonly detail: string
  /** Where it lies now; `null` when it was left where it was. */
  readonly quarantined: string | null
}

export interface Exposed {
  readonly path: string
  /** The permissions that it had. */
  readonly mode: string
  /** Whether it is its owner's alone again. */
  readonly repaired: boolean
}

export interface Report {
  readonly artifacts: number
  readonly bytes: number
  readonly damaged: ReadonlyArray<Damaged>
  readonly exposed: ReadonlyArray<Exposed>
}

export interface Progress {
  readonly artifacts: number
  readonly ofArtifacts: number
  readonly bytes: number
  readonly ofBytes: number
}

export const isSound = ({ damaged, exposed }: Report): boolean => damaged.length === 0 && exposed.length === 0

export const run = Effect.fn("Fsck.run")(function* (
  dataFolder: string,
  onProgress: (progress: Progress) => Effect.Effect<void> = () => Effect.void
): Effect.fn.Return<Report, StorageFailed> {
  const all = yield* ArtifactFolder.list(dataFolder)
  const ofBytes = all.reduce((sum, { bytes }) => sum + bytes, 0)
  const damaged: Array<Damaged> = []
  const exposed: Array<Exposed> = []
  let bytes = 0
  for (const [artifacts, one] of all.entries()) {
    const wrong = yield* examine(one, (piece) => {
      bytes += piece
      return onProgress({ artifacts, ofArtifacts: all.length, bytes, ofBytes })
    })
    if (wrong !== undefined) damaged.push(wrong)
    if (one.exposed) exposed.push({ path: one.path, mode: one.mode, repaired: yield* close(one.path) })
  }
  return {
    artifacts: all.length,
    bytes: ofBytes,
    damaged: damaged.length === 0 ? [] : yield* quarantine(dataFolder, damaged),
    exposed
  }
})

const examine = (
  one: Pick<ArtifactFolder.Stored, "bytes" | "path" | "sha256">,
  onPiece?: (bytes: number) => Effect.Effect<void>
): Effect.Effect<Damaged | undefined> => {
  const { bytes, sha256 } = one
  return ArtifactFolder.hash(one.path, onPiece).pipe(
    Effect.map((found) =>
      found === sha256
        ? undefined
        : { sha256, bytes, found, detail: "its bytes no longer have this hash", quarantined: null }
    ),
    Effect.catch((failure) =>
      Effect.succeed(
        // Pruned in the meantime.
        failure.reason === "missing"
          ? undefined
          : { sha256, bytes, found: null, detail: failure.detail, quarantined: null }
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

/** With the lock they are looked at once more: in the meantime the right bytes may have come. */
const quarantine = (
  dataFolder: string,
  damaged: ReadonlyArray<Damaged>
): Effect.Effect<ReadonlyArray<Damaged>, StorageFailed> =>
  Layer.build(DataFolder.layer(dataFolder)).pipe(
    Effect.andThen(
      Effect.forEach(damaged, (one) =>
        Effect.gen(function* () {
          const from = path.join(ArtifactFolder.folderOf(dataFolder), "sha256", one.sha256.slice(0, 2), one.sha256)
          if ((yield* examine({ ...one, path: from })) === undefined) return []
          const at = DateTime.formatIso(yield* DateTime.now).replaceAll(/[:.]/g, "-")
          const to = path.join(ArtifactFolder.folderOf(dataFolder), "quarantine", `${one.sha256}-${at}`)
          yield* DurableFile.makeFolder(path.dirname(to))
          yield* Effect.tryPromise({ try: () => fs.rename(from, to), catch: fromSystem(from) })
          return [{ ...one, quarantined: to }]
        })
      )
    ),
    Effect.map((moved) => moved.flat()),
    Effect.scoped,
    Effect.catchTags({
      DataFolderBusy: (busy) => Effect.succeed(leftBecause(damaged, `not moved: ${busy.message}`)),
      DataFolderUnusable: (unusable) => Effect.succeed(leftBecause(damaged, `not moved: ${unusable.message}`))
    })
  )

const leftBecause = (damaged: ReadonlyArray<Damaged>, why: string): ReadonlyArray<Damaged> =>
  damaged.map((one) => ({ ...one, detail: `${one.detail}; ${why}` }))
