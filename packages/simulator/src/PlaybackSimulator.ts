/**
 * The playback domain of the simulator: sessions and their re-authentication.
 *
 * @since 0.1.0
 */
import * as SessionId from "@privx-kit/core/SessionId"
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import * as Checked from "./internal/options.ts"
import * as Refusal from "./Refusal.ts"
import type { SimulatorDomain } from "./SimulatorDomain.ts"
import type { SimulatorError } from "./SimulatorError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A path that replaces the default. */
  readonly paths?: Partial<PlaybackApi.Paths>
  /** Ids of the initial sessions. Default: none. */
  readonly playbackSessions?: ReadonlyArray<string>
}

/**
 * The controls of the domain.
 *
 * @since 0.1.0
 * @category services
 */
export class PlaybackSimulator extends Context.Service<
  PlaybackSimulator,
  {
    /** Starts a session, by default with a random id. Fails with `SimulatorError` for an empty id. */
    readonly addSession: (id?: string) => Effect.Effect<SessionId.PlaybackSessionId, SimulatorError>
    /** Ends a session. Does nothing if no session has that id. */
    readonly endSession: (id: SessionId.PlaybackSessionId) => Effect.Effect<void>
  }
>()("@privx-kit/simulator/PlaybackSimulator") {
  /**
   * Makes the domain, with the given sessions.
   *
   * **When to use**: in the `domains` of a `SimulatedPrivx`. A `Simulator` has this domain already.
   *
   * **Errors**: `SimulatorError` for a path without `:session_id` and for an empty id of a session.
   *
   * @example
   * ```ts
   * import { PlaybackSimulator } from "@privx-kit/simulator/PlaybackSimulator"
   * import { SimulatedPrivx } from "@privx-kit/simulator/SimulatedPrivx"
   *
   * const privx = SimulatedPrivx.layer({ domains: [PlaybackSimulator.layer({ playbackSessions: ["session-1"] })] })
   * ```
   */
  static readonly layer = (options: Options = {}): SimulatorDomain<PlaybackSimulator> =>
    Layer.unwrap(
      Effect.gen(function* () {
        const { reauthenticate } = options.paths ?? {}
        yield* Checked.pathsWith({ reauthenticate }, "session_id", ["reauthenticate"])
        const sessions = new Set<string>()
        const addSession = (id: string = randomUUID()) =>
          Effect.tap(sessionId(id), () => Effect.sync(() => sessions.add(id)))
        yield* Effect.forEach(options.playbackSessions ?? [], addSession)
        return Layer.merge(
          handlers(PlaybackApi.make(reauthenticate === undefined ? {} : { reauthenticate }), sessions),
          Layer.succeed(PlaybackSimulator, {
            addSession,
            endSession: (id) => Effect.sync(() => sessions.delete(Redacted.value(id)))
          })
        )
      })
    )
}

const decodeSessionId = Schema.decodeEffect(SessionId.PlaybackSessionId)

const sessionId = (id: string) =>
  Effect.mapError(decodeSessionId(id), () => Checked.invalid("the id of a playback session is empty"))

const handlers = (api: PlaybackApi.PlaybackApi, sessions: ReadonlySet<string>) =>
  HttpApiBuilder.layer(api).pipe(
    Layer.provide(
      HttpApiBuilder.group(api, "playback", (handlers) =>
        handlers.handle("reauthenticate", ({ params }) =>
          sessions.has(Redacted.value(params.session_id))
            ? // Without the length Node would send a chunked body of no chunks.
              Effect.succeed(HttpServerResponse.empty({ status: 200, headers: { "content-length": "0" } }))
            : Effect.fail(Refusal.notFound())
        )
      )
    )
  )
