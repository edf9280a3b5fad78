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
import * as DurableFile from "@privx-kit/files/DurableFile"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { existsSync, linkSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Attestation from "./Attestation.ts"
import { LocalFile, syncDirectory } from "@privx-kit/files/LocalFile"
import * as Manifest from "./Manifest.ts"
import * as SigningKey from "./SigningKey.ts"

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

/** The manifest is written last, so that an existing manifest always has its attestation. */
export const write = Effect.fn("ProvenanceFiles.write")(function* (
  files: ProvenanceFiles,
  { json, manifest }: Manifest.Document,
  key: SigningKey.SigningKey
): Effect.fn.Return<void, StorageFailed> {
  const directory = path.dirname(files.manifest)
  if (!existsSync(directory)) yield* DurableFile.makeDirectory(directory)
  yield* Effect.uninterruptible(
    Effect.tryPromise({
      try: () => writeAll(directory, files, { json, manifest }, key),
      catch: fromSystem(files.manifest)
    })
  )
})

const writeAll = async (
  directory: string,
  files: ProvenanceFiles,
  { json, manifest }: Manifest.Document,
  key: SigningKey.SigningKey
): Promise<void> => {
  const started: Array<LocalFile> = []
  const begin = async (file: string, bytes: Uint8Array): Promise<LocalFile> => {
    const local = await LocalFile.begin(path.join(directory, `.${path.basename(file)}.${manifest.runId}.part`))
    started.push(local)
    local.write(bytes)
    return local
  }
  try {
    const publicKey = sameKey(directory, files.publicKey, key)
      ? undefined
      : await begin(files.publicKey, Buffer.from(key.publicKey))
    const attestation = await begin(files.attestation, Buffer.from(Attestation.sign({ json, manifest }, key)))
    const last = await begin(files.manifest, Manifest.render(json))
    // All of them settle before any file is closed.
    const synced = await Promise.allSettled(started.map((file) => file.sync()))
    for (const outcome of synced) if (outcome.status === "rejected") throw outcome.reason
    publicKey?.rename(files.publicKey)
    attestation.rename(files.attestation)
    await syncDirectory(directory)
    last.rename(files.manifest)
    await syncDirectory(directory)
    if (keyFiles.size >= 64) keyFiles.clear()
    keyFiles.set(directory, { id: key.id, file: files.publicKey })
  } finally {
    for (const file of started) file.close()
  }
}

/** The last written public key and its path: the runs of a directory are usually signed with the same key. */
const keyFiles = new Map<string, { readonly id: string; readonly file: string }>()

/** Links the existing file with that key. If that fails, the file is written instead. */
const sameKey = (directory: string, name: string, key: SigningKey.SigningKey): boolean => {
  const known = keyFiles.get(directory)
  if (known?.id !== key.id) return false
  try {
    linkSync(known.file, name)
    return true
  } catch {
    return false
  }
}

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

/**
 * Adds a later delivery or execution to the manifest of a run and signs it again: in the data directory and, if the
 * manifest there is still that of this run, in the output directory.
 */
export const add = Effect.fn("ProvenanceFiles.add")(function* (
  dataDirectory: string,
  runId: string,
  handOver: Manifest.HandOver
): Effect.fn.Return<void, StorageFailed> {
  const key = (yield* SigningKey.Given) ?? (yield* SigningKey.own(dataDirectory))
  const files = kept(dataDirectory, runId)
  const document = Manifest.handedOver(yield* readDocument(files.manifest), handOver, yield* DateTime.now)
  yield* write(files, document, key)
  for (const known of document.manifest.handedOver) {
    if (known.to !== "file") continue
    const outside = delivered(path.dirname(known.path))
    const there = yield* Effect.option(read(outside.manifest))
    if (there._tag === "Some" && there.value.runId === runId) yield* write(outside, document, key)
  }
})
