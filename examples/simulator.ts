/** A simulated PrivX for tests: with TLS, and with a fault. */
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

// #region simulator
const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make({ tls: true, faults: ["createSession:503/MAX_LOAD*2,retry-after=1"] })
  yield* Console.log(`Give your client ${simulator.url.href}, simulator.ca and simulator.apiClient`)
  const requests = yield* simulator.requests
  yield* Console.log(`It was asked ${requests.length} times`)
})
// #endregion

await Effect.runPromise(Effect.scoped(program))
