/**
 * The UEBA operations: create a set-up session, download the set-up script, ask what it is made from.
 *
 * @since 0.1.0
 */
import * as ApiError from "@privx-kit/core/ApiError"
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { Download, Rest } from "@privx-kit/http/Download"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Transport from "@privx-kit/http/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as UebaApi from "./UebaApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Other paths than the default ones. */
  readonly paths?: Partial<UebaApi.Paths> | undefined
  /**
   * Send the bearer token with the download, as both official SDKs do. The API reference lists no authorization for it, and
   * the id alone is what opens it, so the default is `false`.
   */
  readonly authorizeDownload?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category services
 */
export class Ueba extends Context.Service<
  Ueba,
  {
    /**
     * Creates a session for downloading the set-up script. Needs scope `admin`. Safe to repeat: an unused session is
     * harmless. How long the id lives and how often it can be used is not documented. Source: seed page; path from the SDKs.
     *
     * Fails with an `ApiError` for each error body (documented: 400, 401, 403, 404, 500), `UnexpectedResponse` for any
     * other answer, `TransportError` when there is none.
     */
    readonly createSession: Effect.Effect<UebaApi.SetupSession, PrivxFailure>
    /**
     * Asks for the script and answers when its head is there: announced length, content type, and the bytes as a stream
     * that can be run once. Closing the scope gives up what has not been read. With `rest` it asks for the rest of a body
     * that was read in part; whether a session can be used a second time is not documented.
     *
     * Fails like `createSession`. A 401 without a token says that this PrivX may want one ({@link Options.authorizeDownload}).
     */
    readonly openSetupScript: (id: SetupSessionId, rest?: Rest) => Effect.Effect<Download, PrivxFailure, Scope.Scope>
    /**
     * The script's bytes. Beside the failures of `openSetupScript`, the stream fails with a `TransportError` when the body
     * is cut short, stalls or is too large.
     */
    readonly downloadSetupScript: (id: SetupSessionId) => Stream.Stream<Uint8Array, PrivxFailure>
    /**
     * What PrivX makes the set-up script from: the address and the trust anchors of the UEBA server, for the checks
     * `configuredAddress` and `configuredTrustAnchors`. Source: path and shape from the SDKs; that it needs scope `admin`, like
     * the other operations, is inferred.
     *
     * Fails like `createSession`.
     */
    readonly configuration: Effect.Effect<UebaApi.Configuration, PrivxFailure>
  }
>()("@privx-kit/ueba/Ueba") {
  static readonly layer = (options: Options = {}): Layer.Layer<Ueba, never, Transport.Transport> =>
    Layer.effect(
      Ueba,
      Effect.gen(function* () {
        const api = options.paths === undefined ? usual : UebaApi.make(options.paths)
        const createSession = yield* Endpoint.call(api, { group: "ueba", endpoint: "createSession" })
        const download = yield* Endpoint.download(api, { group: "ueba", endpoint: "downloadSetupScript" })
        const configuration = yield* Endpoint.call(api, { group: "ueba", endpoint: "configuration" })
        const authorize = options.authorizeDownload === true

        const openSetupScript = (id: SetupSessionId, rest?: Rest) =>
          download({ params: { session_id: id } }, rest).pipe(
            Effect.provideService(Transport.AlwaysAuthorize, authorize),
            Effect.mapError((failure) => (authorize ? failure : adviseToken(failure)))
          )
        return Ueba.of({
          createSession: createSession(),
          configuration: configuration(),
          openSetupScript,
          downloadSetupScript: (id) => Stream.unwrap(Effect.map(openSetupScript(id), (download) => download.stream))
        })
      })
    )
}

/** One for all: what is compiled for its schemas is compiled once, however many hosts a program talks to. */
const usual = UebaApi.make()

/** The reference lists no authorization for the download; a server that wants one shows it by a 401. */
const adviseToken = (failure: PrivxFailure): PrivxFailure =>
  failure._tag === "TransportError" || failure.status !== 401
    ? failure
    : ApiError.withAdvice(
        failure,
        "This PrivX may want the token for the download as well: set authorizeDownload (--authorize-download)."
      )
