/** A simulated PrivX in a process of its own, which counts re-authentications by the second in which they arrive. */
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { answering } from "../Child.ts"

export type Question =
  | { readonly _tag: "Start"; readonly sessions: number; readonly lifeSeconds: number }
  | { readonly _tag: "Count" }

export interface Answer {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly oauthClientSecret: string
  /** How many came in each second since the first one. */
  readonly seconds: ReadonlyArray<number>
  readonly logins: number
}

const scope = Scope.makeUnsafe()
const counts = new Map<number, number>()
let logins = 0
let started: Simulator["Service"] | undefined

const start = (sessions: number, lifeSeconds: number) =>
  Effect.runPromise(
    Simulator.make({
      recordLimit: 10,
      tokenLifetime: `${lifeSeconds} seconds`,
      playbackSessions: Array.from({ length: sessions }, (_, index) => `session-${index}`),
      onRequest: ({ operation, time }) =>
        Effect.sync(() => {
          if (operation === "Auth.token") logins++
          if (operation !== "Playback.reauthenticate") return
          const second = Math.floor(DateTime.toEpochMillis(time) / 1_000)
          counts.set(second, (counts.get(second) ?? 0) + 1)
        })
    }).pipe(Scope.provide(scope))
  )

answering<Question, Answer>(async (question) => {
  const simulator = question._tag === "Start" ? await start(question.sessions, question.lifeSeconds) : started
  if (simulator === undefined) throw new Error("not started")
  started = simulator
  const first = Math.min(...counts.keys())
  const last = Math.max(...counts.keys())
  const { apiClient } = simulator
  return {
    url: simulator.url.href,
    clientId: apiClient.clientId,
    clientSecret: Redacted.value(apiClient.clientSecret),
    oauthClientSecret: Redacted.value(apiClient.oauthClientSecret),
    seconds:
      counts.size === 0 ? [] : Array.from({ length: last - first + 1 }, (_, index) => counts.get(first + index) ?? 0),
    logins
  }
})
