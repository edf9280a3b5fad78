/**
 * Where the proof of a run lies: the manifest, its attestation and the public key, in the data folder for every run, and
 * beside the script in an output folder.
 *
 * ```
 * manifests/<run>.json           <output>/privx-ueba-setup.manifest.json
 * manifests/<run>.intoto.jsonl   <output>/privx-ueba-setup.intoto.jsonl
 * manifests/<run>.pub.pem        <output>/privx-ueba-setup.pub.pem
 * ```
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/http/DurableFile"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { existsSync, linkSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Attestation from "./Attestation.ts"
import { LocalFile, syncFolder } from "./LocalFile.ts"
import * as Manifest from "./Manifest.ts"
import * as SigningKey from "./SigningKey.ts"

export interface ProofFiles {
  readonly manifest: string
  readonly attestation: string
  readonly publicKey: string
}

/** The files that belong to a manifest, by its name. */
export const beside = (manifest: string): ProofFiles => {
  const stem = manifest.replace(/(\.manifest)?\.json$/, "")
  return { manifest, attestation: `${stem}.intoto.jsonl`, publicKey: `${stem}.pub.pem` }
}

export const manifestsFolder = (dataFolder: string): string => path.join(dataFolder, "manifests")

export const kept = (dataFolder: string, runId: string): ProofFiles =>
  beside(path.join(manifestsFolder(dataFolder), `${runId}.json`))

export const delivered = (output: string): ProofFiles =>
  beside(path.join(output, Attestation.scriptName.replace(/\.sh$/, ".manifest.json")))

/** The manifest last: where it stands, its proof does. */
export const write = Effect.fn("ProofFiles.write")(function* (
  files: ProofFiles,
  manifest: Manifest.Manifest,
  key: SigningKey.SigningKey
): Effect.fn.Return<void, StorageFailed> {
  const folder = path.dirname(files.manifest)
  if (!existsSync(folder)) yield* DurableFile.makeFolder(folder)
  yield* Effect.uninterruptible(
    Effect.tryPromise({ try: () => writeAll(folder, files, manifest, key), catch: fromSystem(files.manifest) })
  )
})

const writeAll = async (
  folder: string,
  files: ProofFiles,
  manifest: Manifest.Manifest,
  key: SigningKey.SigningKey
): Promise<void> => {
  const encoded = Manifest.encode(manifest)
  const begun: Array<LocalFile> = []
  const begin = async (file: string, bytes: Uint8Array): Promise<LocalFile> => {
    const local = await LocalFile.begin(path.join(folder, `.${path.basename(file)}.${manifest.runId}.part`))
    begun.push(local)
    local.write(bytes)
    return local
  }
  try {
    const publicKey = sameKey(folder, files.publicKey, key)
      ? undefined
      : await begin(files.publicKey, Buffer.from(key.publicKey))
    const attestation = await begin(files.attestation, Buffer.from(Attestation.sign(manifest, encoded, key)))
    const last = await begin(files.manifest, Manifest.render(encoded))
    // All of them come to rest before any is closed.
    const synced = await Promise.allSettled(begun.map((file) => file.sync()))
    for (const outcome of synced) if (outcome.status === "rejected") throw outcome.reason
    publicKey?.rename(files.publicKey)
    attestation.rename(files.attestation)
    await syncFolder(folder)
    last.rename(files.manifest)
    await syncFolder(folder)
    if (keyFiles.size >= 64) keyFiles.clear()
    keyFiles.set(folder, { id: key.id, file: files.publicKey })
  } finally {
    for (const file of begun) file.close()
  }
}

/** Where the public key stands already, and whose it is: the runs of a folder are mostly signed with the same one. */
const keyFiles = new Map<string, { readonly id: string; readonly file: string }>()

/** Gives the file with that key another name, if there is one. What hinders that is no failure: it is written, then. */
const sameKey = (folder: string, name: string, key: SigningKey.SigningKey): boolean => {
  const known = keyFiles.get(folder)
  if (known?.id !== key.id) return false
  try {
    linkSync(known.file, name)
    return true
  } catch {
    return false
  }
}

export const read = Effect.fn("ProofFiles.read")(function* (
  file: string
): Effect.fn.Return<Manifest.Manifest, StorageFailed> {
  const text = yield* Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) })
  return yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: () => undefined }).pipe(
    Effect.flatMap(Manifest.decode),
    Effect.mapError(
      (error) =>
        new StorageFailed({
          path: file,
          reason: "damaged",
          detail:
            error === undefined ? "it is no JSON" : `it is no manifest that this privx-kit knows: ${error.message}`
        })
    )
  )
})

/** The manifests of the data folder. One that cannot be read is left out: another version may have written it. */
export const list = Effect.fn("ProofFiles.list")(function* (
  dataFolder: string
): Effect.fn.Return<ReadonlyArray<Manifest.Manifest>, StorageFailed> {
  const folder = manifestsFolder(dataFolder)
  const names = yield* Effect.tryPromise({ try: () => fs.readdir(folder), catch: fromSystem(folder) }).pipe(
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed([])
    )
  )
  const found = yield* Effect.forEach(
    names.filter((name) => name.endsWith(".json") && !name.startsWith(".")),
    (name) => Effect.option(read(path.join(folder, name))),
    { concurrency: 8 }
  )
  return found.flatMap((manifest) => (manifest._tag === "Some" ? [manifest.value] : []))
})

/**
 * Adds what became of the script after the run was over to its manifest, and signs that anew: in the data folder, and in
 * the output folder where the manifest there still is the one of this run.
 */
export const add = Effect.fn("ProofFiles.add")(function* (
  dataFolder: string,
  runId: string,
  handOver: Manifest.HandOver
): Effect.fn.Return<void, StorageFailed> {
  const key = (yield* SigningKey.Given) ?? (yield* SigningKey.own(dataFolder))
  const files = kept(dataFolder, runId)
  const before = yield* read(files.manifest)
  const others = before.handedOver.filter(
    (known) => !(known.to === "execution" && handOver.to === "execution" && known.number === handOver.number)
  )
  const manifest = { ...before, issuedAt: yield* DateTime.now, handedOver: [...others, handOver] }
  yield* write(files, manifest, key)
  for (const known of manifest.handedOver) {
    if (known.to !== "file") continue
    const outside = delivered(path.dirname(known.path))
    const there = yield* Effect.option(read(outside.manifest))
    if (there._tag === "Some" && there.value.runId === runId) yield* write(outside, manifest, key)
  }
})
