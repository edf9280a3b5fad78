/**
 * Writes the provenance of runs: the manifest, its attestation and the public key, each of them whole or not at all.
 *
 * @since 0.1.0
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import { DirectoryFlush } from "@privx-kit/files/DirectoryFlush"
import * as DurableFile from "@privx-kit/files/DurableFile"
import { LocalFile } from "@privx-kit/files/LocalFile"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { existsSync, linkSync } from "node:fs"
import * as path from "node:path"
import * as Attestation from "./Attestation.ts"
import * as Manifest from "./Manifest.ts"
import * as ProvenanceFiles from "./ProvenanceFiles.ts"
import * as SigningKey from "./SigningKey.ts"

/** The directories whose public key is remembered. */
const mostKeys = 64

/**
 * Writes the provenance of runs into directories.
 *
 * **When to use**: one instance for each store. Those who write into the same directories share it: it saves flushes, and
 * copies of the public key.
 *
 * **Details**: `write` names the manifest last, so that an existing manifest always has its attestation.
 *
 * **Errors**: `write` fails with `StorageFailed` if a file cannot be written.
 *
 * @example
 * ```ts
 * import type { Document } from "@privx-kit/artifacts/Manifest"
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 * import { ProvenanceWriter } from "@privx-kit/artifacts/ProvenanceWriter"
 * import type { SigningKey } from "@privx-kit/artifacts/SigningKey"
 *
 * const writer = new ProvenanceWriter()
 *
 * export const written = (document: Document, key: SigningKey) =>
 *   writer.write(ProvenanceFiles.delivered("/srv/ueba"), document, key)
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class ProvenanceWriter {
  readonly #names = new DirectoryFlush()
  /** The last written public key of a directory: its runs are usually signed with the same key. */
  readonly #keys = new Map<string, { readonly id: string; readonly file: string }>()

  /** The manifest is written last, so that an existing manifest always has its attestation. */
  readonly write = Effect.fn("ProvenanceWriter.write")(
    { self: this },
    function* (
      this: ProvenanceWriter,
      files: ProvenanceFiles.ProvenanceFiles,
      document: Manifest.Document,
      key: SigningKey.SigningKey
    ): Effect.fn.Return<void, StorageFailed> {
      const directory = path.dirname(files.manifest)
      if (!existsSync(directory)) yield* DurableFile.makeDirectory(directory)
      yield* Effect.uninterruptible(
        Effect.tryPromise({
          try: () => this.#writeAll(directory, files, document, key),
          catch: fromSystem(files.manifest)
        })
      )
    }
  )

  async #writeAll(
    directory: string,
    files: ProvenanceFiles.ProvenanceFiles,
    { json, manifest }: Manifest.Document,
    key: SigningKey.SigningKey
  ): Promise<void> {
    const started: Array<LocalFile> = []
    const begin = async (file: string, bytes: Uint8Array): Promise<LocalFile> => {
      const local = await LocalFile.begin(path.join(directory, `.${path.basename(file)}.${manifest.runId}.part`))
      started.push(local)
      local.write(bytes)
      return local
    }
    try {
      const publicKey = this.#link(directory, files.publicKey, key)
        ? undefined
        : await begin(files.publicKey, Buffer.from(key.publicKey))
      const attestation = await begin(files.attestation, Buffer.from(Attestation.sign({ json, manifest }, key)))
      const last = await begin(files.manifest, Manifest.render(json))
      // All of them settle before any file is closed.
      const synced = await Promise.allSettled(started.map((file) => file.sync()))
      for (const outcome of synced) if (outcome.status === "rejected") throw outcome.reason
      publicKey?.rename(files.publicKey)
      attestation.rename(files.attestation)
      await this.#names.flush(directory)
      last.rename(files.manifest)
      await this.#names.flush(directory)
      if (this.#keys.size >= mostKeys) this.#keys.clear()
      this.#keys.set(directory, { id: key.id, file: files.publicKey })
    } finally {
      for (const file of started) file.close()
    }
  }

  /** Links the existing file with that key. If that fails, the file is written instead. */
  #link(directory: string, name: string, key: SigningKey.SigningKey): boolean {
    const known = this.#keys.get(directory)
    if (known?.id !== key.id) return false
    try {
      linkSync(known.file, name)
      return true
    } catch {
      return false
    }
  }
}

/**
 * Adds a later delivery or execution to the manifest of a run, and signs it again.
 *
 * **Details**: in the data directory and, if the manifest there is still that of this run, in the output directory.
 *
 * **Errors**: `StorageFailed` if the run has no manifest, or a file cannot be written.
 *
 * @example
 * ```ts
 * import * as ProvenanceWriter from "@privx-kit/artifacts/ProvenanceWriter"
 * import * as DateTime from "effect/DateTime"
 * import * as Effect from "effect/Effect"
 *
 * export const shown = Effect.flatMap(DateTime.now, (at) =>
 *   ProvenanceWriter.add("/var/lib/privx-kit", "0f8fad5b-d9cb-469f-a165-70867728950e", { to: "stdout", at })
 * )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const add = Effect.fn("ProvenanceWriter.add")(function* (
  dataDirectory: string,
  runId: string,
  handOver: Manifest.HandOver
): Effect.fn.Return<void, StorageFailed> {
  const key = (yield* SigningKey.Given) ?? (yield* SigningKey.own(dataDirectory))
  const writer = new ProvenanceWriter()
  const files = ProvenanceFiles.kept(dataDirectory, runId)
  const document = Manifest.handedOver(
    yield* ProvenanceFiles.readDocument(files.manifest),
    handOver,
    yield* DateTime.now
  )
  yield* writer.write(files, document, key)
  for (const known of document.manifest.handedOver) {
    if (known.to !== "file") continue
    const outside = ProvenanceFiles.delivered(path.dirname(known.path))
    const there = yield* Effect.option(ProvenanceFiles.read(outside.manifest))
    if (there._tag === "Some" && there.value.runId === runId) yield* writer.write(outside, document, key)
  }
})
