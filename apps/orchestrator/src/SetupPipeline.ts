/**
 * The set-up job as plain Effects: create a session, download the script, verify it. They need no engine: a program of
 * one's own can run them with `Ueba` and an `ArtifactStore`. The durable workflow wraps exactly these.
 */
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { RetryObserver } from "@privx-kit/http/RetryObserver"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { Ueba } from "@privx-kit/ueba/Ueba"
import type { Sha256 } from "@privx-kit/ueba/Sha256"
import type { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import { checksThat, type VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { defaultMaxBytes } from "@privx-kit/ueba/VerifySetupScript"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import { type Artifact, ArtifactStore } from "./artifacts/ArtifactStore.ts"
import { type Source, sourceOf } from "./artifacts/Source.ts"
import * as KnownReports from "./KnownReports.ts"
import type { StepName } from "./runs/Run.ts"
import type { SetupFailure } from "./SetupFailure.ts"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as UebaConfiguration from "./UebaConfiguration.ts"

/** Who follows the steps. The default follows nothing. */
export interface Steps {
  /** Carries out a step. */
  readonly run: <A, E extends SetupFailure, R>(
    name: StepName,
    effect: Effect.Effect<A, E, R>,
    outcome: (value: A) => { readonly summary: string; readonly bytes?: number }
  ) => Effect.Effect<A, E | StorageFailed, R>
  /** A step is tried again after `delay`. */
  readonly retried: (name: StepName, failure: PrivxFailure, delay: Duration.Duration) => Effect.Effect<void>
  readonly progress: (bytes: number, total: number | undefined) => Effect.Effect<void>
}

export const Steps = Context.Reference<Steps>("privx-kit/SetupPipeline/Steps", {
  defaultValue: () => ({
    run: (_name, effect) => effect,
    retried: () => Effect.void,
    progress: () => Effect.void
  })
})

/** What was downloaded, and what PrivX says that it is made from. */
export interface Downloaded extends Artifact {
  /** `Content-Type` as sent. */
  readonly contentType?: string | undefined
  /** `Content-Length`, where the server sent one. */
  readonly announcedLength?: number | undefined
  /** Who answered; not known where an earlier version downloaded. */
  readonly source?: Source | undefined
  /** Not there where it was not asked for, or an earlier version downloaded. */
  readonly configuration?: UebaConfiguration.UebaConfiguration | undefined
}

/** What a script is held to. */
export interface Expectations {
  readonly sha256?: Sha256 | undefined
  readonly minBytes?: number | undefined
  /** Default: what the verification takes, 4 MiB. */
  readonly maxBytes?: number | undefined
  readonly policy?: VerificationPolicy | undefined
}

/** Retries of the transport are shown as attempts of the step. */
const retriesOf = (name: StepName, steps: Steps, onRetry: () => void = () => undefined) =>
  Effect.provideService(RetryObserver, (retry) => {
    onRetry()
    return steps.retried(name, retry.failure, retry.delay)
  })

export const createSession: Effect.Effect<SetupSessionId, PrivxFailure | StorageFailed, Ueba> = Effect.gen(
  function* () {
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
  }
)

/** Downloads the script of a session into the artifact store, and asks what it is made from. */
export const download = Effect.fn("SetupPipeline.download")(function* (
  session: SetupSessionId,
  options: {
    readonly maxBytes?: number | undefined
    readonly owner?: string | undefined
    /** Ask for the UEBA configuration as well. Default `false`. */
    readonly configuration?: boolean | undefined
    readonly onRetry?: () => void
  }
) {
  const { openSetupScript } = yield* Ueba
  const store = yield* ArtifactStore
  const steps = yield* Steps
  const fetch = Effect.gen(function* () {
    const answer = yield* openSetupScript(session).pipe(retriesOf("download", steps, options.onRetry))
    const artifact = yield* store.store(answer.stream, {
      owner: options.owner,
      maxBytes: options.maxBytes ?? defaultMaxBytes,
      onProgress: (bytes) => steps.progress(bytes, answer.contentLength)
    })
    return {
      ...artifact,
      contentType: answer.contentType,
      announcedLength: answer.contentLength,
      source: sourceOf(answer)
    }
  }).pipe(Effect.scoped)
  // Right behind the download, so that it is the one that the script was made from.
  const configuration =
    options.configuration === true
      ? UebaConfiguration.ask.pipe(retriesOf("download", steps))
      : Effect.succeed(undefined)
  const both = Effect.gen(function* () {
    const downloaded = yield* fetch
    return { ...downloaded, configuration: yield* configuration }
  })
  return yield* steps.run("download", both, ({ bytes }) => ({ summary: `${bytes} bytes`, bytes }))
})

/**
 * Creates a session and downloads with it, as often as it takes within the bounds of `RetryPolicy`. A download that fails
 * begins again with a new session: whether an id can be used twice is not documented.
 *
 * @param options.configuration ask for the UEBA configuration as well; default `false`
 */
export const acquire = Effect.fn("SetupPipeline.acquire")(function* (
  options: {
    readonly maxBytes?: number | undefined
    readonly owner?: string | undefined
    readonly configuration?: boolean | undefined
  } = {}
): Effect.fn.Return<Downloaded, PrivxFailure | StorageFailed, Ueba | ArtifactStore> {
  const policy = yield* RetryPolicy.RetryPolicy
  const steps = yield* Steps
  for (let round = 1; ; round++) {
    let step: StepName = "create-session"
    let repeated = false
    const result = yield* Effect.gen(function* () {
      const session = yield* createSession
      step = "download"
      return yield* download(session, {
        ...options,
        onRetry: () => {
          repeated = true
        }
      })
    }).pipe(Effect.result)
    if (Result.isSuccess(result)) return result.success
    const failure = result.failure
    if (failure._tag === "StorageFailed" || round >= policy.attempts || !deservesNewSession(failure, repeated)) {
      return yield* Effect.fail(failure)
    }
    const delay = RetryPolicy.delay(policy, round, failure, yield* Random.next)
    yield* steps.retried(step, failure, delay)
    yield* Effect.sleep(delay)
  }
})

/**
 * Whether a new session may help where the transport has given up.
 *
 * @param repeated the id had been sent before, so that the server may hold it for used
 */
const deservesNewSession = (failure: PrivxFailure, repeated: boolean): boolean => {
  if (failure._tag === "TransportError") {
    // Where nothing was reached at all, the transport's own patience is enough: the address is probably wrong.
    return failure.reason === "reset" || failure.reason === "timeout" || failure.reason === "truncated"
  }
  return RetryPolicy.isRetryable(failure, true) || (repeated && usedUp.has(failure.status))
}

const usedUp: ReadonlySet<number> = new Set([400, 401, 403, 404, 410])

/** Verifies what is stored, not what went by: the bytes are read again. */
export const verify = Effect.fn("SetupPipeline.verify")(function* (
  downloaded: Downloaded,
  expected: Expectations = {}
): Effect.fn.Return<VerificationReport, VerificationFailed | StorageFailed, ArtifactStore> {
  const store = yield* ArtifactStore
  const steps = yield* Steps
  return yield* steps.run(
    "verify",
    Effect.flatMap(store.read(downloaded.sha256), (bytes) =>
      KnownReports.verify(downloaded.sha256, bytes, {
        ...expected,
        announcedLength: downloaded.announcedLength,
        ...UebaConfiguration.toOptions(downloaded.configuration)
      })
    ),
    (report) => ({ summary: `${checksThat("passed", report).length} of ${report.checks.length} checks passed` })
  )
})
