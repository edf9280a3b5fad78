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
     * Re-authenticates a playback connection.
     *
     * **When to use**: for one call. `KeepAlive` makes the calls for as long as a person watches.
     *
     * **Details**: requires the scope `user`. Safe to repeat, and retried by the current policy.
     *
     * **Gotchas**: the path is unverified (see `PlaybackApi`).
     *
     * **Errors**: an `ApiError` for each error body (documented: 400, 401, 403, 404), `UnexpectedResponse` for any
     * other response, `TransportError` if there is none.
     *
     * Source: seed page.
     *
     * @example
     * ```ts
     * import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
     * import { Playback } from "@privx-kit/playback/Playback"
     * import * as Effect from "effect/Effect"
     *
     * const once = (id: PlaybackSessionId) =>
     *   Effect.gen(function* () {
     *     const playback = yield* Playback
     *     yield* playback.reauthenticate(id)
     *   })
     * ```
     */
    readonly reauthenticate: (sessionId: PlaybackSessionId) => Effect.Effect<void, PrivxFailure>
  }
>()("@privx-kit/playback/Playback") {
  /** @param paths paths that replace the defaults */
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
