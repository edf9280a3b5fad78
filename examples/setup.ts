/** Creates a setup session and downloads the setup script, with the simulator instead of a PrivX host. */
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Simulator } from "@privx-kit/simulator/Simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

// #region setup
const setup = Effect.gen(function* () {
  const ueba = yield* Ueba
  const session = yield* ueba.createSession
  return yield* Stream.mkString(Stream.decodeText(ueba.downloadSetupScript(session.id)))
})
// #endregion

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make({ tls: true })
  const privx = Ueba.layer().pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerApiClient(simulator.apiClient)),
    Layer.provide(Connection.layer({ baseUrl: simulator.url, ca: simulator.ca }))
  )
  const script = yield* setup.pipe(Effect.provide(privx))
  yield* Console.log(`The setup script has ${script.length} characters and begins with ${script.split("\n")[0]}`)
})

await Effect.runPromise(Effect.scoped(program))
