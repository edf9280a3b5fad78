/** The playback endpoint, on the definition that the client is made from. */
import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Refusal from "./refusal.ts"

export interface Options {
  readonly paths: Partial<PlaybackApi.Paths>
  /** The ids of the sessions that exist. */
  readonly sessions: ReadonlySet<string>
}

export const layer = ({ paths, sessions }: Options) => {
  const api = PlaybackApi.make(paths)
  return HttpApiBuilder.layer(api).pipe(
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
}
