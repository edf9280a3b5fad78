/**
 * A set-up at a server: submitted, followed to its end, and what came of it brought here. Nothing is written here before
 * it has been held against its digests.
 */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/http/DurableFile"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as crypto from "node:crypto"
import * as path from "node:path"
import { isDeepStrictEqual } from "node:util"
import * as Attestation from "../artifacts/Attestation.ts"
import * as Delivery from "../artifacts/Delivery.ts"
import * as Manifest from "../artifacts/Manifest.ts"
import * as ProofFiles from "../artifacts/ProofFiles.ts"
import type { Run } from "../runs/Run.ts"
import { ApprovalPending } from "../runs/RunFailures.ts"
import type { SetupFailure } from "../SetupFailure.ts"
import { FailureJson, ResultJson, type SetupResult } from "../SetupWorkflow.ts"
import type { SubmissionBody } from "./Api.ts"
import * as RemoteDesk from "./RemoteDesk.ts"
import { RunDesk, type RunFailure } from "./RunDesk.ts"
import { ServerClient } from "./ServerClient.ts"
import { ServerRefused } from "./ServerRefused.ts"

/** Sent with a key, so that it can be sent again when the answer was lost. */
export const submit = Effect.fn("RemoteSetup.submit")(function* (
  submission: typeof SubmissionBody.Type
): Effect.fn.Return<Run, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  // Where an unfinished run is to be gone on with, that makes it safe; a key of our own would keep it from being found.
  const key = submission.idempotencyKey ?? (submission.fresh === false ? undefined : crypto.randomUUID())
  const { run } = yield* api.runs
    .submit({ payload: submission, headers: key === undefined ? {} : { "idempotency-key": key } })
    .pipe(RemoteDesk.named("runs.submit", origin))
  return RemoteDesk.runOf(run)
})

export const retry = Effect.fn("RemoteSetup.retry")(function* (
  run: string
): Effect.fn.Return<Run, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  return RemoteDesk.runOf(yield* api.runs.retry({ params: { run } }).pipe(RemoteDesk.named("runs.retry", origin)))
})

/**
 * The result of a run, when it is over; it fails with what the run fails with.
 *
 * @param options.wait where the run waits for an approval
 */
export const outcome = Effect.fn("RemoteSetup.outcome")(function* (
  runId: string,
  options: { readonly wait: boolean; readonly changed: (run: Run) => Effect.Effect<void> }
): Effect.fn.Return<SetupResult, RunFailure | SetupFailure | ApprovalPending, RunDesk> {
  const desk = yield* RunDesk
  const parked = yield* Deferred.make<never, ApprovalPending>()
  const run = yield* desk
    .follow(runId, (run) =>
      Effect.andThen(options.changed(run), () =>
        run.status === "waiting" && !options.wait && run.sha256 !== null && run.review !== null
          ? Deferred.fail(parked, new ApprovalPending({ runId: run.id, sha256: run.sha256, change: run.review.change }))
          : Effect.void
      )
    )
    .pipe(Effect.raceFirst(Deferred.await(parked)))
  return run.failure === null
    ? yield* decoded(ResultJson, run.result, run)
    : yield* Effect.flatMap(decoded(FailureJson, run.failure, run), Effect.fail)
})

const decoded = <A, I>(schema: Schema.Codec<A, I>, json: unknown, run: Run): Effect.Effect<A, ServerRefused> =>
  Effect.mapError(Schema.decodeUnknownEffect(schema)(json), () =>
    mismatch(run.id, "this privx-kit does not understand what came of it: the versions differ")
  )

export interface Destination {
  /** Folder that gets the script and its proof. */
  readonly output: string
  readonly mode: number | undefined
  readonly owner: typeof Manifest.Owner.Type | undefined
}

/** Brings script and proof into a folder. Answers with the result as it is then. */
export const bring = Effect.fn("RemoteSetup.bring")(function* <A extends Pick<SetupResult, "runId" | "sha256">>(
  result: A,
  { mode = Delivery.defaultMode, output, owner }: Destination
): Effect.fn.Return<A & Pick<SetupResult, "delivered" | "manifest">, RunFailure, ServerClient> {
  const { runId, sha256 } = result
  const script = yield* download(runId, "script")
  const [manifestText, attestation, publicKey] = yield* Effect.all([
    download(runId, "manifest"),
    download(runId, "attestation"),
    download(runId, "publicKey")
  ])
  if (crypto.hash("sha256", script, "hex") !== sha256) {
    return yield* mismatch(runId, "the script does not have its SHA-256")
  }
  const manifest = yield* Effect.try({
    try: (): unknown => JSON.parse(manifestText.toString()),
    catch: () => undefined
  }).pipe(
    Effect.flatMap(Manifest.decode),
    Effect.mapError(() => mismatch(runId, "its manifest is none that this privx-kit knows"))
  )
  if (manifest.runId !== runId || manifest.script.sha256 !== sha256) {
    return yield* mismatch(runId, "its manifest is about another script")
  }
  yield* attested(manifest, attestation.toString(), publicKey.toString())
  const folder = path.resolve(output)
  const delivered = path.join(folder, Attestation.scriptName)
  const files = ProofFiles.delivered(folder)
  yield* Delivery.put(script, delivered, { runId, mode, owner })
  // The manifest last: where it stands, its proof does.
  yield* DurableFile.write(files.publicKey, publicKey, { owner: runId })
  yield* DurableFile.write(files.attestation, attestation, { owner: runId })
  yield* DurableFile.write(files.manifest, manifestText, { owner: runId })
  return { ...result, delivered, manifest: files.manifest }
})

/** Larger files are not what they should be. */
const largest = 64 * 1024 * 1024

export const download = Effect.fn("RemoteSetup.download")(function* (
  run: string,
  what: "script" | "manifest" | "attestation" | "publicKey"
): Effect.fn.Return<Buffer, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  const operation = `runs.${what}`
  const stream = yield* api.runs[what]({ params: { run } }).pipe(RemoteDesk.named(operation, origin))
  return yield* collected(stream, operation, origin)
})

/** The approved script of the PrivX that a run is of. */
export const approvedScript = Effect.fn("RemoteSetup.approvedScript")(function* (
  run: string
): Effect.fn.Return<Buffer | undefined, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  const operation = "runs.approvedScript"
  const stream = yield* api.runs.approvedScript({ params: { run } }).pipe(RemoteDesk.named(operation, origin))
  return stream === undefined ? undefined : yield* collected(stream, operation, origin)
})

const collected = Effect.fnUntraced(function* (
  stream: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>,
  operation: string,
  origin: string
): Effect.fn.Return<Buffer, RunFailure> {
  const pieces: Array<Uint8Array> = []
  let size = 0
  yield* Stream.runForEach(stream, (piece) => {
    size += piece.length
    pieces.push(piece)
    return size > largest
      ? Effect.fail(new StorageFailed({ path: origin, reason: "tooLarge", detail: `more than ${largest} bytes came` }))
      : Effect.void
  }).pipe(Effect.catchTag("HttpClientError", (error) => Effect.fail(error).pipe(RemoteDesk.named(operation, origin))))
  return Buffer.concat(pieces)
})

/** The manifest is the one that was signed, by the key that came with it. */
const attested = Effect.fnUntraced(function* (manifest: Manifest.Manifest, attestation: string, publicKey: string) {
  const { runId } = manifest
  const { envelope, statement } = yield* Effect.mapError(Attestation.read(attestation), (why) =>
    mismatch(runId, `its attestation cannot be used: ${why}`)
  )
  const key = yield* Effect.try({
    try: () => crypto.createPublicKey(publicKey),
    catch: () => mismatch(runId, "its public key is none")
  })
  if (!Attestation.isSignedBy(envelope, key) || !isDeepStrictEqual(statement.predicate, Manifest.encode(manifest))) {
    return yield* mismatch(runId, "its manifest is not the one that was signed")
  }
})

const mismatch = (runId: string, detail: string): ServerRefused =>
  new ServerRefused({
    status: 200,
    reason: "Mismatch",
    detail: `What the server gives for the run ${runId} cannot be used: ${detail}.`,
    advice: "Nothing was written. Look at the run on the server: privx-kit artifacts fsck."
  })
