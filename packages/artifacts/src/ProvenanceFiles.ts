/**
 * The files with the provenance of a run: the manifest, its attestation and the public key, in the data directory and
 * next to the script in an output directory.
 *
 * ```
 * manifests/<run>.json           <output>/privx-ueba-setup.manifest.json
 * manifests/<run>.intoto.jsonl   <output>/privx-ueba-setup.intoto.jsonl
 * manifests/<run>.pub.pem        <output>/privx-ueba-setup.pub.pem
 * ```
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Manifest from "./Manifest.ts"

export interface ProvenanceFiles {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

/** The paths of a manifest's companion files. */
export const beside = (manifest: string): ProvenanceFiles => {
  const stem = manifest.replace(/(\.manifest)?\.json$/, "")
  return { manifest, attestation: `${stem}.intoto.jsonl`, publicKey: `${stem}.pub.pem` }
}

export const manifestsDirectory = (dataDirectory: string): string => path.join(dataDirectory, "manifests")

export const kept = (dataDirectory: string, runId: string): ProvenanceFiles =>
  beside(path.join(manifestsDirectory(dataDirectory), `${runId}.json`))

export const delivered = (output: string): ProvenanceFiles =>
  beside(path.join(output, scriptName.replace(/\.sh$/, ".manifest.json")))

/** In bytes. A policy with thousands of known digests is far smaller. */
const largest = 16 * 1024 * 1024

export const readDocument = Effect.fn("ProvenanceFiles.readDocument")(function* (
  file: string
): Effect.fn.Return<Manifest.Document, StorageFailed> {
  const bytes = yield* BoundedFile.read(file, { maxBytes: largest })
  return yield* Effect.mapError(
    Manifest.parse(bytes),
    (problem) => new StorageFailed({ path: file, reason: "damaged", detail: `it ${problem}` })
  )
})

export const read = (file: string): Effect.Effect<Manifest.Manifest, StorageFailed> =>
  Effect.map(readDocument(file), ({ manifest }) => manifest)

/** The manifests of the data directory. Unreadable ones are left out: another version may have written them. */
export const list = (dataDirectory: string): Effect.Effect<ReadonlyArray<Manifest.Manifest>, StorageFailed> =>
  Effect.map(documents(dataDirectory), (all) => all.map(({ document }) => document.manifest))

/** As {@link list}, with each file and the parsed text that its attestation is about. */
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

/** The text of an attestation; `undefined` where there is none. */
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
