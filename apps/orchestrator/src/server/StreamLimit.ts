/** Limits the number of streams, in total and per caller: each holds a connection and polls the database. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Principal } from "./Principal.ts"
import * as Problem from "./Problem.ts"
import { Serving } from "./Serving.ts"

export class StreamLimit extends Context.Service<
  StreamLimit,
  {
    /** Returns the events, or fails if there are too many streams. */
    readonly respond: (
      events: Stream.Stream<Uint8Array>
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, Principal>
  }
>()("privx-kit/server/StreamLimit") {
  static readonly layer: Layer.Layer<StreamLimit, never, Serving> = Layer.effect(
    StreamLimit,
    Effect.map(Serving, (serving) => {
      let streams = 0
      const streamsOf = new Map<string, number>()
      return {
        respond: (events) =>
          Effect.map(Principal, (caller) => {
            const own = streamsOf.get(caller.name) ?? 0
            // Without tokens, all callers have the same name.
            if (streams >= serving.streams || (caller.known && own >= serving.streamsPerCaller)) return tooMany
            streams++
            streamsOf.set(caller.name, own + 1)
            const closed = Effect.sync(() => {
              streams--
              const left = (streamsOf.get(caller.name) ?? 1) - 1
              if (left > 0) streamsOf.set(caller.name, left)
              else streamsOf.delete(caller.name)
            })
            return HttpServerResponse.stream(Stream.ensuring(events, closed), {
              contentType: "text/event-stream",
              // A buffering proxy would hold all events back.
              headers: { "x-accel-buffering": "no" }
            })
          })
      }
    })
  )
}

const tooMany = Problem.toResponse(
  503,
  {
    _tag: "TooManyStreams",
    code: "server",
    message: "Too many runs are being followed at once, with this token or in total.",
    hint: "Try again later, or request the run repeatedly."
  },
  { "retry-after": "5" }
)
