/**
 * Hands a verified script over: the manifest with its attestation, which are the proof of what was done, and, where an
 * output folder is wanted, the script itself. Everything can be done again after a crash and comes out the same, but for
 * the times.
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/http/DurableFile"
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
import pkg from "../../package.json" with { type: "json" }
import { ArtifactStore } from "./ArtifactStore.ts"
import { scriptName } from "./Attestation.ts"
import type { Manifest, Owner } from "./Manifest.ts"
import { Operator } from "./Operator.ts"
import * as ProofFiles from "./ProofFiles.ts"
import { ProofStore } from "./ProofStore.ts"
import * as SigningKey from "./SigningKey.ts"

/** For the user alone, because it may hold credentials; executable, because running it is what it is for. */
export const defaultMode = 0o700

/** What the run knows of the script. */
export interface Facts extends Pick<
  Manifest,
  "runId" | "target" | "downloadedAt" | "source" | "verification" | "review"
> {
  readonly script: Omit<Manifest["script"], "sha512">
  readonly expected: Omit<Manifest["expected"], "checks" | "policy">
  /** The policy that was given. */
  readonly policy: VerificationPolicy | undefined
}

/** Where the script is wanted. */
export interface Destination {
  /** Absolute path of the output folder; without one, the script stays in the data folder. */
  readonly output?: string | undefined
  /** Permissions of the script, {@link defaultMode} unless given. */
  readonly mode?: number | undefined
  /** Who is to own the script; for root only. */
  readonly owner?: typeof Owner.Type | undefined
}

export class Delivery extends Context.Service<
  Delivery,
  {
    readonly deliver: (
      facts: Facts,
      destination: Destination
    ) => Effect.Effect<{ readonly manifest: string; readonly delivered: string | undefined }, StorageFailed>
  }
>()("privx-kit/Delivery") {
  /** `SigningKey.Given` and `Operator` are those that are provided to this layer. */
  static readonly layer: Layer.Layer<Delivery, never, ArtifactStore | ProofStore> = Layer.effect(
    Delivery,
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const proofs = yield* ProofStore
      const operator = yield* Operator
      let key = yield* SigningKey.Given
      // Once in a process, and by one at a time: two that find no key would make two.
      const signingKey = Semaphore.makeUnsafe(1).withPermits(1)(
        Effect.suspend(() =>
          key === undefined
            ? Effect.tap(proofs.ownKey, (own) =>
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
          const manifest: Manifest = {
            version: 1,
            runId: facts.runId,
            target: facts.target,
            kit: { name: pkg.name, version: pkg.version },
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
          }
          const key = yield* signingKey
          const kept = yield* proofs.keep(manifest, key)
          if (output === undefined) return { manifest: kept, delivered: undefined }
          // Last, so that a manifest always stands beside the script that it speaks of.
          const files = ProofFiles.delivered(output)
          yield* ProofFiles.write(files, manifest, key)
          return { manifest: files.manifest, delivered }
        })
      })
    })
  )
}

/** What was demanded of every check, whether it was said or went without saying. */
const requirementsOf = ({ checks }: Manifest["verification"]): Manifest["expected"]["checks"] =>
  Object.fromEntries(checks.map(({ name, requirement }) => [name, requirement]))

const encodePolicy = Schema.encodeSync(Schema.toCodecJson(VerificationPolicy))

/** `0700`. */
export const modeText = (mode: number): string => mode.toString(8).padStart(4, "0")

/** Writes the script; it has its owner and its permissions, whatever the umask, when it gets its name. */
export const put = Effect.fn("Delivery.put")(function* (
  bytes: Uint8Array,
  file: string,
  options: { readonly runId: string; readonly mode: number; readonly owner?: typeof Owner.Type | undefined }
): Effect.fn.Return<void, StorageFailed> {
  const { mode, owner, runId } = options
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${runId}.part`)
  yield* DurableFile.makeFolder(path.dirname(file))
  // What a process that was killed has left of this run.
  yield* Effect.tryPromise({ try: () => fs.rm(temporary, { force: true }), catch: fromSystem(temporary) })
  yield* Effect.scoped(
    Effect.gen(function* () {
      const unfinished = yield* DurableFile.begin(temporary)
      yield* unfinished.write(bytes)
      yield* Effect.tryPromise({
        try: async () => {
          // Changing the owner takes bits away: the permissions come after it.
          if (owner !== undefined) await fs.chown(temporary, owner.uid, owner.gid)
          await fs.chmod(temporary, mode)
        },
        catch: fromSystem(temporary)
      })
      yield* unfinished.commit(file)
    })
  )
})
