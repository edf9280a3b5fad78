/**
 * The operations of the setup script: create a session, download the script.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import type { Download, Rest } from "@privx-kit/http/Download"
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Transport from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { SetupSession, UebaApi } from "./UebaApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Whether to send the bearer token with the download, as both official SDKs do. The API reference lists no
   * authorization for it, and the id alone authorizes it, so the default is `false`.
   */
  readonly authorizeDownload?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SetupOperations {
  /**
   * Creates a session for downloading the setup script.
   *
   * **Details**: requires the scope `admin`. Safe to repeat: an unused session is harmless.
   *
   * **Gotchas**: the lifetime of the id and how often it can be used are not documented. The id is a secret: it alone
   * authorizes the download.
   *
   * **Errors**: those of every operation. `ConfigurationError` if UEBA is not configured (unverified).
   *
   * Source: seed page; path from the official SDKs.
   *
   * @example
   * ```ts
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const sessionId = Effect.gen(function* () {
   *   const ueba = yield* Ueba
   *   const session = yield* ueba.createSession
   *   return session.id
   * })
   * ```
   */
  readonly createSession: Effect.Effect<SetupSession, PrivxFailure>
  /**
   * Requests the script and returns when the head of the response has arrived: announced length, content type, and the
   * bytes as a stream that can be run once. Closing the scope ends the transfer.
   *
   * **When to use**: to show progress, to check the announced length, or to resume an interrupted transfer with `rest`.
   *
   * **Details**: takes no token by default. Safe to repeat.
   *
   * **Gotchas**: whether a session can be used a second time is not documented, so `rest` may be refused.
   *
   * **Errors**: those of every operation. A 401 without a token means that this PrivX requires one
   * ({@link Options.authorizeDownload}).
   *
   * Source: seed page; path from the official SDKs.
   *
   * @example
   * ```ts
   * import type { SetupSessionId } from "@privx-kit/core/SessionId"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   *
   * const announcedLength = (id: SetupSessionId) =>
   *   Effect.scoped(
   *     Effect.gen(function* () {
   *       const ueba = yield* Ueba
   *       const download = yield* ueba.openSetupScript(id)
   *       return download.contentLength
   *     })
   *   )
   * ```
   */
  readonly openSetupScript: (id: SetupSessionId, rest?: Rest) => Effect.Effect<Download, PrivxFailure, Scope.Scope>
  /**
   * The bytes of the script as a stream.
   *
   * **Errors**: those of `openSetupScript`, and `TransportError` if the body is cut short, stalls or is too large.
   *
   * Source: seed page; path from the official SDKs.
   *
   * @example
   * ```ts
   * import type { SetupSessionId } from "@privx-kit/core/SessionId"
   * import { Ueba } from "@privx-kit/ueba/Ueba"
   * import * as Effect from "effect/Effect"
   * import * as Stream from "effect/Stream"
   *
   * const script = (id: SetupSessionId) =>
   *   Effect.gen(function* () {
   *     const ueba = yield* Ueba
   *     return Buffer.concat(yield* Stream.runCollect(ueba.downloadSetupScript(id)))
   *   })
   * ```
   */
  readonly downloadSetupScript: (id: SetupSessionId) => Stream.Stream<Uint8Array, PrivxFailure>
}

/** @internal */
export const make = (api: UebaApi, options: Options): Effect.Effect<SetupOperations, never, Transport.Transport> =>
  Effect.gen(function* () {
    const createSession = yield* Endpoint.call(api, { group: "setup", endpoint: "createSession" })
    const download = yield* Endpoint.download(api, { group: "setup", endpoint: "downloadSetupScript" })
    const authorize = options.authorizeDownload === true
    const openSetupScript = (id: SetupSessionId, rest?: Rest) =>
      download({ params: { session_id: id } }, rest).pipe(
        Effect.provideService(Transport.AlwaysAuthorize, authorize),
        Effect.mapError((failure) => (authorize ? failure : adviseToken(failure)))
      )
    return {
      createSession: createSession(),
      openSetupScript,
      downloadSetupScript: (id) => Stream.unwrap(Effect.map(openSetupScript(id), (download) => download.stream))
    }
  })

/** The reference lists no authorization for the download; a server that requires it responds with 401. */
const adviseToken = (failure: PrivxFailure): PrivxFailure =>
  failure._tag === "TransportError" || failure.status !== 401
    ? failure
    : ApiError.withAdvice(
        failure,
        "If this PrivX requires a token for the download, set authorizeDownload (--authorize-download)."
      )
