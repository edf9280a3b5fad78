/** Re-authenticates a playback connection, with the simulator in the place of a PrivX. */
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Playback } from "@privx-kit/playback/Playback"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make()
  const sessionId = yield* simulator.addPlaybackSession()

  // #region playback
  const privx = Playback.layer().pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerApiClient(simulator.apiClient)),
    Layer.provide(Connection.layer({ baseUrl: simulator.url, ca: simulator.ca }))
  )
  const reauthenticate = Effect.flatMap(Playback, (playback) => playback.reauthenticate(sessionId))
  yield* reauthenticate.pipe(Effect.provide(privx))
  // #endregion

  yield* Console.log(`The playback connection ${sessionId} is authenticated for a while longer`)
})

await Effect.runPromise(Effect.scoped(program))
