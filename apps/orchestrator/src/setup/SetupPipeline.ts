/**
 * The UEBA setup as plain Effects: {@link setup} creates a session, downloads the script, verifies and delivers it. It
 * needs no engine: a program can run it with `Ueba`, an `ArtifactStore` and a `Delivery`. The durable workflow wraps
 * exactly these steps.
 */
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { RetryObserver } from "@privx-kit/http/RetryObserver"
import * as Setup from "@privx-kit/ueba/Setup"
import { Ueba } from "@privx-kit/ueba/Ueba"
import type { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import { renderCounts, type VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { defaultMaxBytes } from "@privx-kit/ueba/VerifySetupScript"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { type Artifact, ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { Delivery, type Destination } from "@privx-kit/artifacts/Delivery"
import { type Source, sourceOf } from "@privx-kit/artifacts/Source"
import * as VerificationCache from "@privx-kit/ueba/VerificationCache"
import type { Review, StepName } from "@privx-kit/runs/Run"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import type { StepRefused } from "@privx-kit/runs/RunFailures"
import { Steps } from "@privx-kit/runs/Steps"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Download from "@privx-kit/http/Download"
import * as RecordedConfiguration from "@privx-kit/ueba/RecordedConfiguration"
import type { expectations, SetupInputs } from "./SetupInputs.ts"

/**
 * Sets up UEBA for one PrivX host: create a session → download the script → verify it → deliver it.
 *
 * Fails with a `PrivxFailure` if PrivX cannot be used, with `VerificationFailed` if the script does not pass the
 * verification, and with `StorageFailed` if a file cannot be written. The script is delivered only if the verification
 * passes.
 */
export const setup = Effect.fn("SetupPipeline.setup")(function* (
  target: URL,
  options: Expectations & Destination = {}
): Effect.fn.Return<
  Delivered & { readonly report: VerificationReport; readonly sha256: string },
  PrivxFailure | VerificationFailed | StorageFailed | StepRefused,
  Ueba | ArtifactStore | Delivery
> {
  const runId = randomUUID()
  const downloaded = yield* acquire({
    owner: runId,
    maxBytes: options.maxBytes,
    configuration: RecordedConfiguration.isWanted(options.policy)
  })
  const downloadedAt = yield* DateTime.now
  const report = yield* verify(downloaded, options)
  const review = { change: "new", reference: null, required: false, decision: null } as const
  const delivered = yield* deliver(
    { runId, attempt: 1, target: nameOf(target), downloaded, downloadedAt, report, review },
    options
  )
  return { ...delivered, report, sha256: downloaded.sha256 }
})

/** The downloaded script, and the configuration from which PrivX made it. */
export interface Downloaded extends Artifact {
  /** `Content-Type` as sent. */
  readonly contentType?: string | undefined
  /** `Content-Length`, if the server sent one. */
  /** `"unknown"` if only the end of the connection ended the body. */
  readonly announcedLength?: number | "unknown" | undefined
  /** The server that responded; unknown if an earlier version downloaded the script. */
  readonly source?: Source | undefined
  /** Absent if it was not requested, or if an earlier version downloaded the script. */
  readonly configuration?: RecordedConfiguration.UebaConfiguration | undefined
}

/** The requirements for the script. `setupFields` describes the fields. */
export type Expectations = {
  readonly [Name in Exclude<keyof typeof expectations, "requireApproval">]?: SetupInputs[Name] | undefined
}

/** Shows retries of the transport as attempts of the step. */
export const retriesOf = (name: StepName, steps: Steps, onRetry: () => void = () => undefined) =>
  Effect.provideService(RetryObserver, (retry) => {
    onRetry()
    return steps.retried(name, retry.failure, retry.delay)
  })

export const createSession: Effect.Effect<SetupSessionId, PrivxFailure | StorageFailed | StepRefused, Ueba> =
  Effect.gen(function* () {
    const { createSession } = yield* Ueba
    const steps = yield* Steps
    return yield* steps.run(
      "create-session",
      createSession.pipe(
        Effect.map((session) => session.id),
        retriesOf("create-session", steps)
      ),
      () => ({ summary: "session created" })
    )
  })

/**
 * Downloads the script of a session into the artifact store, and requests the configuration from which PrivX generated
 * it.
 */
export const download = Effect.fn("SetupPipeline.download")(function* (
  session: SetupSessionId,
  options: {
    readonly maxBytes?: number | undefined
    readonly owner?: string | undefined
    /** Also request the UEBA configuration. Default `false`. */
    readonly configuration?: boolean | undefined
    readonly onRetry?: () => void
  }
) {
  const { openSetupScript } = yield* Ueba
  const store = yield* ArtifactStore
  const steps = yield* Steps
  const fetch = Effect.gen(function* () {
    const answer = yield* openSetupScript(session).pipe(retriesOf("download", steps, options.onRetry))
    const artifact = yield* store.store(Download.bounded(answer, options.maxBytes ?? defaultMaxBytes), {
      owner: options.owner,
      // The stream already enforces the limit.
      maxBytes: Number.POSITIVE_INFINITY,
      onProgress: (bytes) => steps.progress(bytes, answer.contentLength)
    })
    return {
      ...artifact,
      contentType: answer.contentType,
      announcedLength: answer.contentLength ?? (answer.delimitedBy === "connection" ? ("unknown" as const) : undefined),
      source: sourceOf(answer)
    }
  }).pipe(Effect.scoped)
  // Right after the download, so that it is the configuration of this script.
  const configuration =
    options.configuration === true
      ? RecordedConfiguration.ask.pipe(retriesOf("download", steps))
      : Effect.succeed(undefined)
  const both = Effect.gen(function* () {
    const downloaded = yield* fetch
    return { ...downloaded, configuration: yield* configuration }
  })
  return yield* steps.run("download", both, ({ bytes }) => ({ summary: `${bytes} bytes`, bytes }))
})

/**
 * Creates a session and downloads with it, repeatedly within the limits of `RetryPolicy`. A failed download starts again
 * with a new session, because it is not documented whether an id can be used twice.
 *
 * @param options.configuration also request the UEBA configuration; default `false`
 */
export const acquire = Effect.fn("SetupPipeline.acquire")(function* (
  options: {
    readonly maxBytes?: number | undefined
    readonly owner?: string | undefined
    readonly configuration?: boolean | undefined
  } = {}
): Effect.fn.Return<Downloaded, PrivxFailure | StorageFailed | StepRefused, Ueba | ArtifactStore> {
  const steps = yield* Steps
  return yield* Setup.acquire({
    createSession,
    download: (session, onRetry) => download(session, { ...options, onRetry }),
    retried: steps.retried
  })
})

/** Verifies the stored bytes instead of the streamed ones: they are read again. */
export const verify = Effect.fn("SetupPipeline.verify")(function* (
  downloaded: Downloaded,
  expected: Expectations = {}
): Effect.fn.Return<VerificationReport, VerificationFailed | StorageFailed | StepRefused, ArtifactStore> {
  const store = yield* ArtifactStore
  const steps = yield* Steps
  return yield* steps.run(
    "verify",
    Effect.flatMap(store.read(downloaded.sha256), (bytes) =>
      VerificationCache.verify(downloaded.sha256, bytes, {
        ...expected,
        announcedLength: downloaded.announcedLength,
        ...RecordedConfiguration.toOptions(downloaded.configuration)
      })
    ),
    (report) => ({ summary: renderCounts(report) })
  )
})

/** The path of the delivered script, if it was delivered, and of its manifest. */
export interface Delivered {
  readonly manifest: string
  readonly delivered: string | undefined
}

/** The delivered script, and the data for its manifest. */
export interface Verified {
  readonly runId: string
  readonly attempt: number
  /** In the form of `PrivxHosts.nameOf`. */
  readonly target: string
  readonly downloaded: Downloaded
  readonly downloadedAt: DateTime.Utc
  readonly report: VerificationReport
  readonly review: Review
}

/** Writes the manifest and its attestation, and delivers the script if a directory is given. */
export const deliver = Effect.fn("SetupPipeline.deliver")(function* (
  { attempt, downloaded, downloadedAt, report, review, runId, target }: Verified,
  options: Expectations & Destination = {}
): Effect.fn.Return<Delivered, StorageFailed | StepRefused, Delivery> {
  const delivery = yield* Delivery
  const steps = yield* Steps
  const { configuration, sha256 } = downloaded
  return yield* steps.run(
    "deliver",
    delivery.deliver(
      {
        runId,
        attempt,
        target,
        downloadedAt,
        script: {
          sha256,
          bytes: downloaded.bytes,
          contentType: downloaded.contentType ?? null,
          announcedLength: downloaded.announcedLength ?? null
        },
        source: downloaded.source ?? null,
        expected: {
          ...(options.sha256 === undefined ? undefined : { sha256: options.sha256 }),
          ...(options.minBytes === undefined ? undefined : { minBytes: options.minBytes }),
          ...(options.maxBytes === undefined ? undefined : { maxBytes: options.maxBytes }),
          ...(configuration === undefined ? undefined : { configuration })
        },
        policy: options.policy,
        verification: report,
        review
      },
      options
    ),
    ({ delivered, manifest }) => ({ summary: delivered ?? manifest })
  )
})
