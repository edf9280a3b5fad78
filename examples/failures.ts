/** Catches one failure by its class, another by its code, and shows the rest: what the typed failures are for. */
import * as Failure from "@privx-kit/core/Failure"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Simulator } from "@privx-kit/simulator/Simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// #region failures
const session = Effect.gen(function* () {
  const ueba = yield* Ueba
  yield* ueba.createSession
  return "a session was created"
}).pipe(
  // By class: the error is a PermissionDenied here, with its status, property and details.
  Effect.catchTag("PermissionDenied", (error) => Effect.succeed(`not allowed: ${error.errorMessage}`)),
  // By code, and what is left of the sixteen classes stays in the type.
  Effect.catchIf(
    (error) => error._tag === "ConfigurationError" && error.status === 500,
    () => Effect.succeed("the UEBA server is not configured in PrivX yet")
  ),
  // Whatever else it is: what failed, why, and what to do, in one line.
  Effect.catch((error) => Effect.succeed(Failure.render(error)))
)
// #endregion

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make()
  const privx = Ueba.layer().pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerApiClient(simulator.apiClient)),
    Layer.provide(Connection.layer({ baseUrl: simulator.url }))
  )
  yield* simulator.setFaults([
    "createSession:403/PERMISSION_DENIED*1",
    "createSession:500/CONFIGURATION_ERROR*1",
    "createSession:html/404*1"
  ])
  for (let call = 1; call <= 4; call++) {
    yield* Console.log(yield* session.pipe(Effect.provide(privx)))
  }
})

await Effect.runPromise(Effect.scoped(program))
