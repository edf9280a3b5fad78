/**
 * Re-authentication of playback connections.
 *
 * @since 0.1.0
 */
import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
import * as Endpoint from "@privx-kit/http/Endpoint"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Transport from "@privx-kit/http/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PlaybackApi from "./PlaybackApi.ts"

/**
 * The playback operations.
 *
 * @since 0.1.0
 * @category services
 */
export class Playback extends Context.Service<
  Playback,
  {
    /**
     * Re-authenticates a playback connection. Needs scope `user`. Safe to repeat, and retried by the policy in force.
     * Source: seed page; the path is unverified (see `PlaybackApi`).
     *
     * Fails with an `ApiError` for each error body (documented: 400, 401, 403, 404), `UnexpectedResponse` for any other
     * answer, `TransportError` when there is none.
     */
    readonly reauthenticate: (sessionId: PlaybackSessionId) => Effect.Effect<void, PrivxFailure>
  }
>()("@privx-kit/playback/Playback") {
  /**
   * @param paths other paths than the default ones
   */
  static readonly layer = (paths?: Partial<PlaybackApi.Paths>): Layer.Layer<Playback, never, Transport.Transport> =>
    Layer.effect(
      Playback,
      Effect.map(
        Endpoint.call(PlaybackApi.make(paths), { group: "playback", endpoint: "reauthenticate" }),
        (reauthenticate) =>
          Playback.of({ reauthenticate: (sessionId) => reauthenticate({ params: { session_id: sessionId } }) })
      )
    )
}
