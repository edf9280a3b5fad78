/** Keeps a playback connection authenticated, with the simulator instead of a PrivX host. */
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { KeepAlive, keepAlive } from "@privx-kit/playback/KeepAlive"
import { Playback } from "@privx-kit/playback/Playback"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Simulates a person who watches for a while. */
const watchRecording = Effect.sleep("2500 millis")

const program = Effect.gen(function* () {
  // Tokens of three seconds, so that there is something to see: the usual life is five minutes.
  const simulator = yield* Simulator.make({ tokenLifetime: "3 seconds" })
  const sessionId = yield* simulator.addPlaybackSession()

  // #region playback
  const privx = KeepAlive.layer().pipe(
    Layer.provideMerge(Playback.layer()),
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerApiClient(simulator.apiClient)),
    Layer.provide(Connection.layer({ baseUrl: simulator.url, ca: simulator.ca }))
  )

  const watch = Effect.gen(function* () {
    // Ends with the scope, or by itself when the session is over.
    yield* Effect.forkScoped(keepAlive(sessionId))
    yield* watchRecording
  })
  yield* watch.pipe(Effect.scoped, Effect.provide(privx))
  // #endregion

  const requests = (yield* simulator.requests).filter(({ operation }) => operation === "Playback.reauthenticate")
  yield* Console.log(`The playback connection ${sessionId} was re-authenticated ${requests.length} times`)
})

await Effect.runPromise(Effect.scoped(program))
