/**
 * The files with the provenance of a run: the manifest, its attestation and the public key, in the data directory and
 * next to the script in an output directory.
 *
 * ```
 * manifests/<run>.json           <output>/privx-ueba-setup.manifest.json
 * manifests/<run>.intoto.jsonl   <output>/privx-ueba-setup.intoto.jsonl
 * manifests/<run>.pub.pem        <output>/privx-ueba-setup.pub.pem
 * ```
 *
 * @since 0.1.0
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Manifest from "./Manifest.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface ProvenanceFiles {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

/**
 * Returns the paths of the files that belong to a manifest.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const { attestation } = ProvenanceFiles.beside("/srv/ueba/privx-ueba-setup.manifest.json")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const beside = (manifest: string): ProvenanceFiles => {
  const stem = manifest.replace(/(\.manifest)?\.json$/, "")
  return { manifest, attestation: `${stem}.intoto.jsonl`, publicKey: `${stem}.pub.pem` }
}

/**
 * Returns the directory of the manifests in a data directory.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const directory = ProvenanceFiles.manifestsDirectory("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const manifestsDirectory = (dataDirectory: string): string => path.join(dataDirectory, "manifests")

/**
 * Returns the paths of the provenance of a run in a data directory.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const files = ProvenanceFiles.kept("/var/lib/privx-kit", "0f8fad5b-d9cb-469f-a165-70867728950e")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const kept = (dataDirectory: string, runId: string): ProvenanceFiles =>
  beside(path.join(manifestsDirectory(dataDirectory), `${runId}.json`))

/**
 * Returns the paths of the provenance beside a delivered script.
 *
 * @param output the output directory
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const files = ProvenanceFiles.delivered("/srv/ueba")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const delivered = (output: string): ProvenanceFiles =>
  beside(path.join(output, scriptName.replace(/\.sh$/, ".manifest.json")))

/** In bytes. A policy with thousands of known digests is far smaller. */
const largest = 16 * 1024 * 1024

/**
 * Reads a manifest, and keeps its complete JSON.
 *
 * **Errors**: `StorageFailed`; `damaged` if the file is no manifest that this version supports, `tooLarge` if it has more
 * than 16 MiB, `missing` if there is none.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const document = ProvenanceFiles.readDocument("/srv/ueba/privx-ueba-setup.manifest.json")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const readDocument = Effect.fn("ProvenanceFiles.readDocument")(function* (
  file: string
): Effect.fn.Return<Manifest.Document, StorageFailed> {
  const bytes = yield* BoundedFile.read(file, { maxBytes: largest })
  return yield* Effect.mapError(
    Manifest.parse(bytes),
    (problem) => new StorageFailed({ path: file, reason: "damaged", detail: `it ${problem}` })
  )
})

/**
 * Reads a manifest.
 *
 * **Errors**: as of {@link readDocument}.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const manifest = ProvenanceFiles.read("/srv/ueba/privx-ueba-setup.manifest.json")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (file: string): Effect.Effect<Manifest.Manifest, StorageFailed> =>
  Effect.map(readDocument(file), ({ manifest }) => manifest)

/**
 * Reads all manifests of a data directory.
 *
 * **Errors**: `StorageFailed` if the directory cannot be read. A manifest that cannot be read is left out.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const manifests = ProvenanceFiles.list("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const list = (dataDirectory: string): Effect.Effect<ReadonlyArray<Manifest.Manifest>, StorageFailed> =>
  Effect.map(documents(dataDirectory), (all) => all.map(({ document }) => document.manifest))

/**
 * Reads all manifests of a data directory, each with its files and the JSON that its attestation is about.
 *
 * **Errors**: as of {@link list}.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const all = ProvenanceFiles.documents("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const documents = Effect.fn("ProvenanceFiles.documents")(function* (
  dataDirectory: string
): Effect.fn.Return<
  ReadonlyArray<{ readonly files: ProvenanceFiles; readonly document: Manifest.Document }>,
  StorageFailed
> {
  const directory = manifestsDirectory(dataDirectory)
  const names = yield* Effect.tryPromise({ try: () => fs.readdir(directory), catch: fromSystem(directory) }).pipe(
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed([])
    )
  )
  const found = yield* Effect.forEach(
    names.filter((name) => name.endsWith(".json") && !name.startsWith(".")),
    (name) => {
      const files = beside(path.join(directory, name))
      return Effect.option(Effect.map(readDocument(files.manifest), (document) => ({ files, document })))
    },
    { concurrency: 8 }
  )
  return found.flatMap((one) => (one._tag === "Some" ? [one.value] : []))
})

/**
 * Reads the text of an attestation; `undefined` if there is none.
 *
 * **Errors**: `StorageFailed` if the file cannot be read, or has more than 32 MiB.
 *
 * @example
 * ```ts
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 *
 * export const text = ProvenanceFiles.readAttestation("/srv/ueba/privx-ueba-setup.intoto.jsonl")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const readAttestation = (file: string): Effect.Effect<string | undefined, StorageFailed> =>
  BoundedFile.read(file, { maxBytes: largestAttestation }).pipe(
    Effect.map((bytes) => bytes.toString("utf8")),
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )

/** In bytes: it holds the manifest in base64. */
const largestAttestation = 2 * largest
