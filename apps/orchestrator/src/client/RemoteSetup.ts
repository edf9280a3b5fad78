/**
 * A setup on a server: submits it, follows it to its end, and downloads the result. Nothing is written on this machine
 * before the digests of the result have been verified.
 */
import type { Failure } from "@privx-kit/core/Failure"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Deferred from "effect/Deferred"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import * as crypto from "node:crypto"
import * as path from "node:path"
import * as Attestation from "@privx-kit/artifacts/Attestation"
import * as Delivery from "@privx-kit/artifacts/Delivery"
import * as Manifest from "@privx-kit/artifacts/Manifest"
import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
import type { CommonFailure, DurableRun } from "@privx-kit/runs/DurableRun"
import type { Reference, Run } from "@privx-kit/runs/Run"
import { ApprovalPending } from "@privx-kit/runs/RunFailures"
import type { SetupResult } from "../setup/SetupRun.ts"
import type { SubmissionBody } from "../server/Api.ts"
import type { BootstrapBody } from "../server/BootstrapApi.ts"
import * as RemoteRunClient from "./RemoteRunClient.ts"
import { RunClient, type RunFailure } from "./RunClient.ts"
import { ServerClient } from "./ServerClient.ts"
import * as ServerFailure from "./ServerFailure.ts"
import { ServerRefused } from "./ServerRefused.ts"

/** Sent with a key, so that it can be sent again if the response is lost. */
export const submit = Effect.fn("RemoteSetup.submit")(function* (
  submission: typeof SubmissionBody.Type
): Effect.fn.Return<Run, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  // An unfinished run is found by its inputs; another key would prevent the server from finding it.
  const key = submission.idempotencyKey ?? (submission.fresh === false ? undefined : crypto.randomUUID())
  const { run } = yield* api.runs
    .submit({ payload: submission, headers: key === undefined ? {} : { "idempotency-key": key } })
    .pipe(RemoteRunClient.named("runs.submit", origin))
  return RemoteRunClient.runOf(run)
})

export const retry = Effect.fn("RemoteSetup.retry")(function* (
  run: string
): Effect.fn.Return<Run, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  return RemoteRunClient.runOf(
    yield* api.runs.retry({ params: { run } }).pipe(RemoteRunClient.named("runs.retry", origin))
  )
})

/** Submits a bootstrap of UEBA. Sent with a key, unless an unfinished run should be joined. */
export const bootstrap = Effect.fn("RemoteSetup.bootstrap")(function* (
  body: BootstrapBody
): Effect.fn.Return<Run, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  const headers = body.fresh === false ? {} : { "idempotency-key": crypto.randomUUID() }
  const { run } = yield* api.bootstraps
    .submit({ payload: body, headers })
    .pipe(RemoteRunClient.named("bootstraps.submit", origin))
  return RemoteRunClient.runOf(run)
})

/**
 * Returns the result of a run when it has ended. Fails with the failure of the run.
 *
 * @param options.wait whether to wait while the run waits for approval
 */
export const outcome = Effect.fn("RemoteSetup.outcome")(function* <Inputs, Result, E extends Failure>(
  kind: Pick<DurableRun<Inputs, Result, E>, "result" | "failure">,
  runId: string,
  options: { readonly wait: boolean; readonly changed: (run: Run) => Effect.Effect<void> }
): Effect.fn.Return<Result, RunFailure | E | CommonFailure | ApprovalPending, RunClient> {
  const client = yield* RunClient
  const parked = yield* Deferred.make<never, ApprovalPending>()
  const run = yield* client
    .follow(runId, (run) =>
      Effect.andThen(options.changed(run), () =>
        run.status === "waiting" && !options.wait && run.sha256 !== null && run.review !== null
          ? Deferred.fail(
              parked,
              new ApprovalPending({
                runId: run.id,
                sha256: run.sha256,
                ...Struct.pick(run.review, ["change", "reference"])
              })
            )
          : Effect.void
      )
    )
    .pipe(Effect.raceFirst(Deferred.await(parked)))
  return run.failure === null
    ? yield* decoded(kind.result, run.result, run)
    : yield* Effect.flatMap(decoded(kind.failure, run.failure, run), Effect.fail)
})

const decoded = <A, I>(schema: Schema.Codec<A, I>, json: unknown, run: Run): Effect.Effect<A, ServerRefused> =>
  Effect.mapError(Schema.decodeUnknownEffect(schema)(json), () =>
    mismatch(run.id, "the server has another version of privx-kit")
  )

export interface Destination {
  /** The directory for the script and its provenance. */
  readonly output: string
  readonly mode: number | undefined
  readonly owner: typeof Manifest.Owner.Type | undefined
}

/** Downloads script and provenance into a directory. Returns the result with the new paths. */
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
  const document = yield* Effect.mapError(Manifest.parse(manifestText), (problem) =>
    mismatch(runId, `its manifest ${problem}`)
  )
  const { manifest } = document
  if (manifest.runId !== runId || manifest.script.sha256 !== sha256) {
    return yield* mismatch(runId, "its manifest is about another script")
  }
  yield* attested(document, attestation.toString(), publicKey.toString())
  const directory = path.resolve(output)
  const delivered = path.join(directory, scriptName)
  const files = ProvenanceFiles.delivered(directory)
  yield* Delivery.put(script, delivered, { runId, mode, owner })
  // The manifest is written last: an existing manifest has its attestation next to it.
  yield* DurableFile.write(files.publicKey, publicKey, { owner: runId })
  yield* DurableFile.write(files.attestation, attestation, { owner: runId })
  yield* DurableFile.write(files.manifest, manifestText, { owner: runId })
  return { ...result, delivered, manifest: files.manifest }
})

/** Larger files are not the expected ones. */
const largest = 64 * 1024 * 1024

export const download = Effect.fn("RemoteSetup.download")(function* (
  run: string,
  what: "script" | "manifest" | "attestation" | "publicKey"
): Effect.fn.Return<Buffer, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  const operation = `runs.${what}`
  const stream = yield* api.runs[what]({ params: { run } }).pipe(RemoteRunClient.named(operation, origin))
  return yield* collected(stream, operation, origin)
})

/** The reference script of the PrivX host of a run, with its bytes. */
export const reference = Effect.fn("RemoteSetup.reference")(function* (
  run: string
): Effect.fn.Return<(Reference & { readonly script: Buffer }) | undefined, RunFailure, ServerClient> {
  const { api, origin } = yield* ServerClient
  const review = api.overview.review({ params: { run } }).pipe(RemoteRunClient.named("overview.review", origin))
  const { reference } = yield* review
  const operation = "runs.referenceScript"
  const stream = yield* api.runs.referenceScript({ params: { run } }).pipe(RemoteRunClient.named(operation, origin))
  if (reference === null || stream === undefined) return undefined
  return { ...Struct.pick(reference, ["sha256", "basis"]), script: yield* collected(stream, operation, origin) }
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
    return size > largest ? Effect.fail(ServerFailure.tooLarge(operation, origin)) : Effect.void
  }).pipe(
    Effect.catchTag("HttpClientError", (error) => Effect.fail(error).pipe(RemoteRunClient.named(operation, origin)))
  )
  return Buffer.concat(pieces)
})

/** Verifies that the manifest was signed with the key that was downloaded with it. */
const attested = Effect.fnUntraced(function* (document: Manifest.Document, attestation: string, publicKey: string) {
  const { runId } = document.manifest
  const { envelope, statement } = yield* Effect.mapError(Attestation.read(attestation), (why) =>
    mismatch(runId, `its attestation cannot be used: ${why}`)
  )
  const key = yield* Effect.try({
    try: () => crypto.createPublicKey(publicKey),
    catch: () => mismatch(runId, "its public key is not valid")
  })
  if (!Attestation.isSignedBy(envelope, key) || !Attestation.isAbout(statement, document.json)) {
    return yield* mismatch(runId, "its manifest is not the one that was signed")
  }
})

const mismatch = (runId: string, detail: string): ServerRefused =>
  new ServerRefused({
    status: 200,
    reason: "Mismatch",
    detail: `The result of run ${runId} from the server cannot be used: ${detail}.`,
    advice: "Nothing was written. Check the artifacts on the server: privx-kit artifacts fsck."
  })
