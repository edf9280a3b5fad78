/** The kit, keeping many playback sessions alive; tells what it holds. */
import * as SessionId from "@privx-kit/core/SessionId"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { KeepAlive } from "@privx-kit/playback/KeepAlive"
import { Playback } from "@privx-kit/playback/Playback"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { answering } from "../Child.ts"
import type * as Privx from "./privx.ts"

export type Question =
  | { readonly _tag: "Start"; readonly sessions: number; readonly privx: Privx.Answer }
  | { readonly _tag: "Measure" }

export interface Answer {
  readonly rssBytes: number
  /** After a full collection: what is really held. */
  readonly heapBytes: number
  readonly cpuSeconds: number
  readonly failures: number
  /** How many calls were made in each second since the first one. */
  readonly seconds: ReadonlyArray<number>
}

const decode = Schema.decodeUnknownSync(SessionId.PlaybackSessionId)
let failures = 0
const counts = new Map<number, number>()

/** Counts calls when they are made: what a busy machine does to them afterwards is not the schedule's doing. */
const counted = Layer.effect(
  Playback,
  Effect.map(Playback, ({ reauthenticate }) =>
    Playback.of({
      reauthenticate: (id) =>
        Effect.suspend(() => {
          const second = Math.floor(performance.now() / 1_000)
          counts.set(second, (counts.get(second) ?? 0) + 1)
          return reauthenticate(id)
        })
    })
  )
).pipe(Layer.provide(Playback.layer()))

const perSecond = (): ReadonlyArray<number> => {
  if (counts.size === 0) return []
  const first = Math.min(...counts.keys())
  return Array.from({ length: Math.max(...counts.keys()) - first + 1 }, (_, index) => counts.get(first + index) ?? 0)
}

const start = ({ sessions, privx }: Extract<Question, { _tag: "Start" }>) => {
  const runtime = ManagedRuntime.make(
    KeepAlive.layer().pipe(
      Layer.provide(counted),
      Layer.provide(Transport.layer),
      Layer.provide(
        TokenProvider.layerApiClient({
          clientId: privx.clientId,
          clientSecret: Redacted.make(privx.clientSecret),
          oauthClientSecret: Redacted.make(privx.oauthClientSecret)
        })
      ),
      Layer.provide(Connection.layer({ baseUrl: new URL(privx.url) }))
    )
  )
  runtime.runFork(
    Effect.flatMap(KeepAlive, ({ keepAlive }) =>
      Effect.forEach(
        Array.from({ length: sessions }, (_, index) => decode(`session-${index}`)),
        (id) => Effect.onExit(keepAlive(id, { first: "spread" }), () => Effect.sync(() => void failures++)),
        { concurrency: "unbounded", discard: true }
      )
    )
  )
}

answering<Question, Answer>(async (question) => {
  if (question._tag === "Start") start(question)
  // Twice, with a turn in between: what the first collection finalises only the second one frees.
  globalThis.gc?.()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const { system, user } = process.cpuUsage()
  return { rssBytes: rss, heapBytes: heapUsed, cpuSeconds: (system + user) / 1e6, failures, seconds: perSecond() }
})
