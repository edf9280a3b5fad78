/**
 * Rebuilds the record of runs from the manifests of a data directory without a database.
 *
 * The record receives one succeeded run for each manifest, with the times of the manifest, and the approvals and
 * baselines that the manifests contain. A manifest counts only if an attestation covers it that is signed by the key of
 * the data directory or by a given key. Otherwise a file that someone has placed there would become an approval. Failed,
 * cancelled and unfinished runs have no manifest and cannot be restored; the same applies to fleets.
 */
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { KeyObject } from "node:crypto"
import * as path from "node:path"
import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
import type * as Manifest from "@privx-kit/artifacts/Manifest"
import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
import * as ProvenanceVerification from "@privx-kit/artifacts/ProvenanceVerification"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import { Approvals } from "@privx-kit/runs/Approvals"
import { Runs } from "@privx-kit/runs/Runs"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import { setupFields } from "./SetupFields.ts"
import { kind, type SetupResult, SetupRun } from "./SetupRun.ts"

export interface Report {
  /** Ids of the restored runs. */
  readonly added: ReadonlyArray<string>
  /** The number of manifests whose runs were already in the record. */
  readonly known: number
  /** Manifests that are not trusted. */
  readonly refused: ReadonlyArray<{ readonly manifest: string; readonly reason: string }>
}

/** Runs in a data directory that no other process uses. */
export const runIn = (dataDir: string, given?: KeyObject) =>
  reindex(dataDir, given).pipe(
    Effect.provide(
      Layer.mergeAll(Runs.layer, Approvals.layer).pipe(
        Layer.provide(SqliteStorage.layer),
        Layer.provide(DataDirectory.layer(dataDir)),
        Layer.provide(Layer.succeed(SqliteStorage.Reindexing, true)),
        Layer.fresh
      )
    )
  )

const reindex = Effect.fn("RecordReindex.run")(function* (
  dataDir: string,
  given: KeyObject | undefined
): Effect.fn.Return<Report, StorageFailed | SigningKey.KeyUnusable, Runs | Approvals> {
  const runs = yield* Runs
  const own = yield* SigningKey.ownPublic(dataDir)
  const keys: ReadonlyArray<ProvenanceVerification.Key> = [
    ...(given === undefined ? [] : [{ key: given, from: "given" as const }]),
    ...(own === undefined ? [] : [{ key: own, from: "data directory" as const }])
  ]
  const all = yield* ProvenanceFiles.documents(dataDir)
  const inOrder = all.toSorted((a, b) => timeOf(a) - timeOf(b))
  const added: Array<string> = []
  const refused: Array<Report["refused"][number]> = []
  for (const { document, files } of inOrder) {
    const { manifest } = document
    if ((yield* runs.get(manifest.runId)) !== undefined) continue
    const attestation = yield* ProvenanceFiles.readAttestation(files.attestation)
    const findings = yield* ProvenanceVerification.examineAttestation({ attestation, document, keys })
    const failed = findings.find(({ outcome }) => outcome === "failed")
    if (failed !== undefined) {
      refused.push({ manifest: files.manifest, reason: failed.detail })
      continue
    }
    yield* record(dataDir, manifest)
    added.push(manifest.runId)
  }
  return { added, known: all.length - added.length - refused.length, refused }
})

const timeOf = ({ document }: { readonly document: Manifest.Document }): number =>
  document.manifest.downloadedAt.epochMilliseconds

const record = Effect.fnUntraced(function* (dataDir: string, manifest: Manifest.Manifest) {
  const runs = yield* Runs
  const approvals = yield* Approvals
  const { downloadedAt, issuedAt, review: recorded, runId, target } = manifest
  const { sha256 } = manifest.script
  const review = recorded ?? { change: "new", reference: null, required: false, decision: null }
  yield* runs.create({ id: runId, kind, target, inputs: inputsOf(manifest) }).pipe(at(downloadedAt))
  const result = yield* Effect.orDie(Schema.encodeEffect(SetupRun.result)(resultOf(dataDir, manifest, review)))
  yield* runs.end(runId, { status: "succeeded", result }, { attempt: 1, steps: [], sha256, review }).pipe(at(issuedAt))
  const { decision } = review
  if (decision?.approved === true) {
    const { by, comment } = decision
    yield* approvals.approve({ target, sha256, runId, by, comment }).pipe(at(decision.at))
  } else if (decision === null && review.change === "new") {
    yield* approvals.approve({ target, sha256, runId, by: null, comment: null }).pipe(at(downloadedAt))
  }
})

const fileOf = ({ handedOver }: Manifest.Manifest) => handedOver.findLast((one) => one.to === "file")

/** A manifest contains `null` or 0 for options that were not given. */
const inputsOf = (manifest: Manifest.Manifest): Schema.Json => {
  const file = fileOf(manifest)
  const recorded: Readonly<Record<string, Schema.Json | undefined>> = {
    ...Struct.omit(manifest.expected, ["checks", "configuration"]),
    output: file === undefined ? undefined : path.dirname(file.path)
  }
  return Object.fromEntries(
    Struct.keys(setupFields).flatMap((name) => (recorded[name] ? [[name, recorded[name]]] : []))
  )
}

const resultOf = (dataDir: string, manifest: Manifest.Manifest, review: SetupResult["review"]): SetupResult => {
  const { runId, script, verification } = manifest
  const file = fileOf(manifest)
  return {
    runId,
    artifact: ArtifactDirectory.fileOf(dataDir, script.sha256),
    ...(file === undefined ? undefined : { delivered: file.path }),
    manifest: (file === undefined
      ? ProvenanceFiles.kept(dataDir, runId)
      : ProvenanceFiles.delivered(path.dirname(file.path))
    ).manifest,
    bytes: script.bytes,
    sha256: script.sha256,
    review,
    report: verification
  }
}

/** The record takes its times from the clock. */
const at =
  (time: DateTime.Utc) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) => Effect.provideService(effect, Clock.Clock, frozen(clock, time)))

const frozen = (clock: Clock.Clock, { epochMilliseconds }: DateTime.Utc): Clock.Clock => ({
  currentTimeMillisUnsafe: () => epochMilliseconds,
  currentTimeMillis: Effect.succeed(epochMilliseconds),
  currentTimeNanosUnsafe: () => BigInt(epochMilliseconds) * 1_000_000n,
  currentTimeNanos: Effect.succeed(BigInt(epochMilliseconds) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})
