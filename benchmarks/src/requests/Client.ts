/** What the suite `requests` needs of a client, whatever kind of answer it gives. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Thing } from "./thing.ts"

export type Request = (id: string) => Promise<Thing>
export type EffectRequest = (id: string) => Effect.Effect<Thing, unknown>

export interface Client {
  readonly once: Request
  /** Sends one request after another until it is stopped, and reports each. */
  readonly lane: (isDone: () => boolean, onAnswer: () => void) => Promise<void>
}

export const fromPromises = async (making: Promise<Request>): Promise<Client> => {
  const request = await making
  return {
    once: request,
    lane: async (isDone, onAnswer) => {
      while (!isDone()) {
        await request("42")
        onAnswer()
      }
    }
  }
}

/** Each lane is one fiber, as in a program that is written with Effect. */
export const fromEffects = async (making: Effect.Effect<EffectRequest, never, Scope.Scope>): Promise<Client> => {
  // Open for as long as the process lives.
  const scope = Scope.makeUnsafe()
  process.once("exit", () => Effect.runFork(Scope.close(scope, Exit.void)))
  const request = await Effect.runPromise(Scope.provide(making, scope))
  return {
    once: (id) => Effect.runPromise(request(id)),
    lane: (isDone, onAnswer) =>
      Effect.runPromise(
        Effect.gen(function* () {
          while (!isDone()) {
            yield* request("42")
            onAnswer()
          }
        })
      )
  }
}
