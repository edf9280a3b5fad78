/**
 * The UEBA setup without an engine or a record of runs: create a session → download the script → verify it → deliver it.
 *
 * {@link setup} does all of it. {@link acquire} is the part that decides when to try a new session, for a program that
 * stores and delivers the script in its own way.
 *
 * @since 0.1.0
 */
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as RetryScope from "@privx-kit/http/RetryScope"
import * as Download from "@privx-kit/http/Download"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
import * as RecordedConfiguration from "./RecordedConfiguration.ts"
import { scriptName } from "./ScriptName.ts"
import { Ueba } from "./Ueba.ts"
import type { VerificationFailed } from "./VerificationFailed.ts"
import type { VerificationReport } from "./VerificationReport.ts"
import { defaultMaxBytes, type Options as VerificationOptions, verifySetupScript } from "./VerifySetupScript.ts"

/**
 * The requirements for the script, and where it is delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<
  VerificationOptions,
  "announcedLength" | "configuration" | "configurationUnknown"
> {
  /**
   * The directory to which the script is delivered; it is created if it does not exist. Default: the script is only
   * returned.
   */
  readonly output?: string | undefined
  /** Permissions of the delivered script. Default `0o700`: the script may contain credentials and is executable. */
  readonly mode?: number | undefined
}

/**
 * A verified script, and where it was delivered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Setup {
  readonly script: Uint8Array
  /** SHA-256 of the script, 64 lower-case hexadecimal digits. */
  readonly sha256: string
  readonly report: VerificationReport
  /** The path of the delivered script; `undefined` without `output`. */
  readonly delivered: string | undefined
}

/**
 * Sets up UEBA for one PrivX host: creates a session, downloads the script, verifies and delivers it.
 *
 * **When to use**: in your own program, if it needs neither a record of runs nor provenance. `privx-kit` adds both, and
 * resumes after a crash.
 *
 * **Details**: an interrupted download starts again with a new session, within the limits of the `RetryPolicy`. The
 * script is compared with the UEBA configuration of the host, unless the policy contains another one or disables those
 * checks. The file gets its name, `privx-ueba-setup.sh`, when it is complete and flushed to the disk.
 *
 * **Gotchas**: the script is delivered only if the verification passes.
 *
 * **Errors**: those of every operation; `VerificationFailed`, with the report, if a check fails; `StorageFailed` if the
 * script cannot be written.
 *
 * @example
 * ```ts
 * import * as Setup from "@privx-kit/ueba/Setup"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.map(Setup.setup({ output: "/srv/ueba" }), ({ delivered }) => delivered)
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const setup = Effect.fn("Ueba.setup")(function* (
  options: Options = {}
): Effect.fn.Return<Setup, PrivxFailure | VerificationFailed | StorageFailed, Ueba> {
  const { mode = 0o700, output, ...expected } = options
  const ueba = yield* Ueba
  const maxBytes = options.maxBytes ?? defaultMaxBytes
  const { announcedLength, configuration, script } = yield* acquire({
    createSession: Effect.map(ueba.createSession, (session) => session.id),
    download: (session) => download(session, { maxBytes, policy: options.policy })
  })
  const report = yield* verifySetupScript(script, {
    ...expected,
    announcedLength,
    ...RecordedConfiguration.toOptions(configuration)
  })
  if (output === undefined) return { script, sha256: report.sha256, report, delivered: undefined }
  const delivered = path.join(path.resolve(output), scriptName)
  yield* DurableFile.makeDirectory(path.dirname(delivered))
  yield* DurableFile.write(delivered, script, { owner: randomUUID(), mode })
  return { script, sha256: report.sha256, report, delivered }
})

const download = Effect.fnUntraced(function* (
  session: SetupSessionId,
  { maxBytes, policy }: { readonly maxBytes: number; readonly policy: Options["policy"] }
) {
  const ueba = yield* Ueba
  const downloaded = yield* Effect.scoped(
    Effect.gen(function* () {
      const answer = yield* ueba.openSetupScript(session)
      const chunks = yield* Stream.runCollect(Download.bounded(answer, maxBytes))
      return {
        script: new Uint8Array(Buffer.concat(chunks)),
        announcedLength:
          answer.contentLength ?? (answer.delimitedBy === "connection" ? ("unknown" as const) : undefined)
      }
    })
  )
  // Right after the download, so that it is the configuration from which the script was generated.
  const configuration = RecordedConfiguration.isWanted(policy) ? yield* RecordedConfiguration.ask : undefined
  return { ...downloaded, configuration }
})

/**
 * The round that {@link acquire} repeats.
 *
 * @since 0.1.0
 * @category models
 */
export interface Acquisition<A, E, R> {
  readonly createSession: Effect.Effect<SetupSessionId, PrivxFailure | E, R>
  /** Downloads with a session. Call `onRetry` when the transport repeats the request with the same session. */
  readonly download: (session: SetupSessionId, onRetry: () => void) => Effect.Effect<A, PrivxFailure | E, R>
  /** Called before another round, to show progress. Default: nothing. */
  readonly retried?:
    | ((
        step: "create-session" | "download",
        failure: PrivxFailure,
        delay: Duration.Duration
      ) => Effect.Effect<void, never, R>)
    | undefined
}

/**
 * Creates a session and downloads with it, repeatedly within the limits of `RetryPolicy`.
 *
 * **When to use**: in a program that stores and delivers the script in its own way. {@link setup} does all of it.
 *
 * **Details**: a failed download starts again with a new session, because it is not documented whether an id can be
 * used twice. All rounds share the attempts and the deadline of one policy.
 *
 * **Gotchas**: `download` can be called several times. Each call must discard what the previous one received.
 *
 * **Errors**: the failure of the last round. A failure that is not a `PrivxFailure` ends it at once.
 *
 * @example
 * ```ts
 * import * as Setup from "@privx-kit/ueba/Setup"
 * import { Ueba } from "@privx-kit/ueba/Ueba"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * export const script = Ueba.use((ueba) =>
 *   Setup.acquire({
 *     createSession: Effect.map(ueba.createSession, ({ id }) => id),
 *     download: (session) => Stream.runCollect(ueba.downloadSetupScript(session))
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const acquire = <A, E, R>(acquisition: Acquisition<A, E, R>): Effect.Effect<A, PrivxFailure | E, R> =>
  // All rounds share the attempts of one policy, and one deadline.
  RetryScope.share(rounds(acquisition))

const rounds = Effect.fnUntraced(function* <A, E, R>({
  createSession,
  download,
  retried
}: Acquisition<A, E, R>): Effect.fn.Return<A, PrivxFailure | E, R> {
  for (;;) {
    let step: "create-session" | "download" = "create-session"
    let repeated = false
    const result = yield* Effect.gen(function* () {
      const session = yield* createSession
      step = "download"
      return yield* download(session, () => {
        repeated = true
      })
    }).pipe(Effect.result)
    if (Result.isSuccess(result)) return result.success
    const failure: PrivxFailure | E = result.failure
    if (!isPrivxFailure(failure) || !deservesNewSession(failure, repeated)) return yield* Effect.fail(failure)
    const delay = yield* RetryScope.next(failure)
    if (Option.isNone(delay)) return yield* Effect.fail(failure)
    if (retried !== undefined) yield* retried(step, failure, delay.value)
    yield* Effect.sleep(delay.value)
  }
})

const isPrivxFailure: (failure: unknown) => failure is PrivxFailure = Schema.is(PrivxFailure)

/**
 * Whether a new session may help after the transport has given up.
 *
 * @param repeated the id had been sent before, so the server may treat it as used
 */
const deservesNewSession = (failure: PrivxFailure, repeated: boolean): boolean => {
  if (failure._tag === "TransportError") {
    // If no server was reached, the transport's retries are sufficient: the address is probably wrong.
    return failure.reason === "reset" || failure.reason === "timeout" || failure.reason === "truncated"
  }
  return RetryPolicy.isRetryable(failure, true) || (repeated && usedUp.has(failure.status))
}

const usedUp: ReadonlySet<number> = new Set([400, 401, 403, 404, 410])
