/**
 * Delivers a verified script: writes the manifest with its attestation and, if an output directory is given, the script
 * itself. Every step can be repeated after a crash with the same result, except for the times.
 *
 * @since 0.1.0
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as crypto from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { ArtifactStore } from "./ArtifactStore.ts"
import { type Manifest, type Owner, toDocument } from "./Manifest.ts"
import { Operator } from "./Operator.ts"
import * as ProvenanceFiles from "./ProvenanceFiles.ts"
import { ProvenanceStore } from "./ProvenanceStore.ts"
import { ProvenanceWriter } from "./ProvenanceWriter.ts"
import * as SigningKey from "./SigningKey.ts"

/**
 * Private to the user, because the script may contain credentials, and executable.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultMode = 0o700

/**
 * The facts about the script from its run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts extends Pick<
  Manifest,
  "runId" | "target" | "downloadedAt" | "source" | "verification" | "review"
> {
  readonly script: Omit<Manifest["script"], "sha512">
  readonly expected: Omit<Manifest["expected"], "checks" | "policy">
  /** Which attempt of the run it is, from 1. */
  readonly attempt: number
  /** The given policy. */
  readonly policy: VerificationPolicy | undefined
}

/**
 * Where to deliver the script.
 *
 * @since 0.1.0
 * @category models
 */
export interface Destination {
  /** Absolute path of the output directory; without one, the script stays in the data directory. */
  readonly output?: string | undefined
  /** Permissions of the script; default {@link defaultMode}. */
  readonly mode?: number | undefined
  /** Owner of the script; only for root. */
  readonly owner?: typeof Owner.Type | undefined
}

/**
 * Delivers verified scripts, with a manifest and its attestation.
 *
 * **Details**: `deliver` writes the manifest to the data directory and, if an output directory is given, the script with its
 * manifest there. It can be repeated after a crash. The manifest comes last, so that a script never exists without it.
 *
 * **Errors**: `StorageFailed` if a file cannot be read or written.
 *
 * @example
 * ```ts
 * import { Delivery } from "@privx-kit/artifacts/Delivery"
 * import * as Effect from "effect/Effect"
 *
 * export const delivered = (facts: Parameters<Delivery["Service"]["deliver"]>[0]) =>
 *   Effect.flatMap(Delivery, (delivery) => delivery.deliver(facts, { output: "/srv/ueba" }))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class Delivery extends Context.Service<
  Delivery,
  {
    readonly deliver: (
      facts: Facts,
      destination: Destination
    ) => Effect.Effect<{ readonly manifest: string; readonly delivered: string | undefined }, StorageFailed>
  }
>()("privx-kit/Delivery") {
  /**
   * `SigningKey.Given` and `Operator` are read when this layer is built.
   *
   * @param kit the program that the manifests name
   */
  static readonly layer = (kit: Manifest["kit"]): Layer.Layer<Delivery, never, ArtifactStore | ProvenanceStore> =>
    Layer.effect(
      Delivery,
      Effect.gen(function* () {
        const store = yield* ArtifactStore
        const provenance = yield* ProvenanceStore
        const operator = yield* Operator
        const writer = new ProvenanceWriter()
        let key = yield* SigningKey.Given
        // Once per process, and one caller at a time: two callers that find no key would each create one.
        const signingKey = Semaphore.makeUnsafe(1).withPermits(1)(
          Effect.suspend(() =>
            key === undefined
              ? Effect.tap(provenance.ownKey, (own) =>
                  Effect.sync(() => {
                    key = own
                  })
                )
              : Effect.succeed(key)
          )
        )
        return Delivery.of({
          deliver: Effect.fn("Delivery.deliver")(function* (facts, { mode = defaultMode, output, owner }) {
            const bytes = yield* store.read(facts.script.sha256)
            const delivered = output === undefined ? undefined : path.join(output, scriptName)
            if (delivered !== undefined) yield* put(bytes, delivered, { runId: facts.runId, mode, owner })
            const now = yield* DateTime.now
            const document = toDocument({
              version: 1,
              runId: facts.runId,
              target: facts.target,
              kit,
              operator,
              downloadedAt: facts.downloadedAt,
              issuedAt: now,
              source: facts.source,
              script: { ...facts.script, sha512: crypto.hash("sha512", bytes, "hex") },
              expected: {
                ...facts.expected,
                checks: requirementsOf(facts.verification),
                policy: facts.policy === undefined ? null : encodePolicy(facts.policy)
              },
              verification: facts.verification,
              review: facts.review,
              handedOver:
                delivered === undefined
                  ? []
                  : [{ to: "file", at: now, path: delivered, mode: modeText(mode), owner: owner ?? null }]
            })
            const key = yield* signingKey
            const kept = yield* provenance.keep(document, key, facts.attempt)
            if (output === undefined) return { manifest: kept, delivered: undefined }
            // Last, so that a script never exists without its manifest.
            const files = ProvenanceFiles.delivered(output)
            yield* writer.write(files, document, key)
            return { manifest: files.manifest, delivered }
          })
        })
      })
    )
}

/** The requirement of every check, explicit or by default. */
const requirementsOf = ({ checks }: Manifest["verification"]): Manifest["expected"]["checks"] =>
  Object.fromEntries(checks.map(({ name, requirement }) => [name, requirement]))

const encodePolicy = Schema.encodeSync(Schema.toCodecJson(VerificationPolicy))

/**
 * Writes permissions as a manifest has them, e.g. `0700`.
 *
 * @example
 * ```ts
 * import * as Delivery from "@privx-kit/artifacts/Delivery"
 *
 * export const text = Delivery.modeText(0o750) // 0750
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const modeText = (mode: number): string => mode.toString(8).padStart(4, "0")

/**
 * Writes a script. When it gets its name, it already has its owner and permissions, regardless of the umask.
 *
 * **Errors**: `StorageFailed` if the file cannot be written, or this process may not give it to that owner.
 *
 * @param file an absolute path; its directory is created
 * @param options.runId part of the temporary name: after a crash, the same run removes its leftover file
 *
 * @example
 * ```ts
 * import * as Delivery from "@privx-kit/artifacts/Delivery"
 *
 * export const put = Delivery.put(new TextEncoder().encode("#!/bin/sh\n"), "/srv/ueba/script.sh", {
 *   runId: "0f8fad5b-d9cb-469f-a165-70867728950e",
 *   mode: Delivery.defaultMode
 * })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const put = Effect.fn("Delivery.put")(function* (
  bytes: Uint8Array,
  file: string,
  options: { readonly runId: string; readonly mode: number; readonly owner?: typeof Owner.Type | undefined }
): Effect.fn.Return<void, StorageFailed> {
  const { mode, owner, runId } = options
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${runId}.part`)
  yield* DurableFile.makeDirectory(path.dirname(file))
  // Leftover files of a killed process of this run.
  yield* Effect.tryPromise({ try: () => fs.rm(temporary, { force: true }), catch: fromSystem(temporary) })
  yield* Effect.scoped(
    Effect.gen(function* () {
      const unfinished = yield* DurableFile.begin(temporary)
      yield* unfinished.write(bytes)
      yield* unfinished.protect({ mode, owner })
      yield* unfinished.commit(file)
    })
  )
})
