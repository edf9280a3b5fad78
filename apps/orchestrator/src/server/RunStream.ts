/**
 * A run as a stream of server-sent events: its current state, then each change until it has ended.
 *
 * There is no log of changes, only the current run. The id of an event is a digest of its state, and a client that
 * reconnects with the last id receives only later changes. It misses nothing that is still current, on any server.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as Stream from "effect/Stream"
import * as crypto from "node:crypto"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { ServedRun } from "./ApiEndpoint.ts"
import type { Serving } from "./Serving.ts"

interface State {
  readonly sentId: string | undefined
  readonly spoken: number
  readonly over: boolean
}

/** Runs that wait for a person or a worker are polled less often. */
const isQuiet = (status: ServedRun["status"]): boolean => status === "waiting" || status === "queued"

const patience = 3

/** How soon a client should reconnect, in milliseconds. */
const comeAgain = 1000

export const idOf = (json: string): string => crypto.hash("sha256", json, "hex").slice(0, 24)

/**
 * @param look reads the current run as JSON; `undefined` if it has been removed
 * @param seen id of the last event that the client has received
 */
export const make = (
  look: Effect.Effect<
    { readonly run: Pick<ServedRun, "endedAt" | "status">; readonly json: string } | undefined,
    StorageFailed
  >,
  seen: string | undefined,
  { ending, heartbeat, interval, longestStream }: Serving["Service"]
): Stream.Stream<Uint8Array> =>
  Stream.unwrap(
    Effect.map(Clock.currentTimeMillis, (started) => {
      const step = Effect.fnUntraced(function* (state: State) {
        if (state.over) return undefined
        for (;;) {
          const found = yield* look
          if (found === undefined) return undefined
          const id = idOf(found.json)
          const over = found.run.endedAt !== null
          const now = yield* Clock.currentTimeMillis
          if (id !== state.sentId) {
            const text = Sse.encoder.write({ _tag: "Event", event: "run", id, data: found.json })
            return [text, { sentId: id, spoken: now, over }] as const
          }
          if (over) return undefined
          if (now - started >= Duration.toMillis(Duration.fromInputUnsafe(longestStream))) return goodbye(state)
          // The first event is sent at once, so that the client knows that it is connected.
          if (state.spoken === 0 || now - state.spoken >= Duration.toMillis(Duration.fromInputUnsafe(heartbeat))) {
            return [": here\n\n", { ...state, spoken: now }] as const
          }
          const pause = Duration.times(Duration.fromInputUnsafe(interval), isQuiet(found.run.status) ? patience : 1)
          const ends = yield* Effect.timeoutOption(Deferred.await(ending), pause)
          if (ends._tag === "Some") return goodbye(state)
        }
      })
      return Stream.unfold<State, string, never, never>({ sentId: seen, spoken: 0, over: false }, (state) =>
        // A client that reconnects learns from the status what is wrong with the storage.
        Effect.catchTag(step(state), "StorageFailed", () => Effect.succeed(goodbye(state)))
      )
    })
  ).pipe(Stream.encodeText)

const goodbye = (state: State): readonly [string, State] => [
  `: come again\nretry: ${comeAgain}\n\n`,
  { ...state, over: true }
]
