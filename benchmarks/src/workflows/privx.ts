/** A simulated PrivX in a process of its own. */
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { answering } from "../Child.ts"

export interface Answer {
  readonly url: string
  readonly token: string
}

const scope = Scope.makeUnsafe()
const started = Effect.runPromise(
  Effect.gen(function* () {
    const simulator = yield* Simulator.make({ recordLimit: 10, tokenLifetime: "1 day" })
    return { url: simulator.url.href, token: Redacted.value(yield* simulator.issueToken()) }
  }).pipe(Scope.provide(scope))
)

answering<"listen", Answer>(() => started)
