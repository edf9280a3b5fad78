/**
 * A list of runs as a stream of server-sent events: first the current list, then each change. Like the stream of one run,
 * it compares the record with the sent events and stores nothing between two connections.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as Stream from "effect/Stream"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Serving } from "./Serving.ts"

/** The current list, each part as JSON. */
export interface Snapshot {
  /** The ids in order, the start of the next page, and the counts. */
  readonly page: string
  readonly runs: ReadonlyArray<{ readonly id: string; readonly json: string }>
}

interface State {
  readonly page: string
  readonly runs: ReadonlyMap<string, string>
  readonly spoken: number
  readonly over: boolean
}

const comeAgain = ": come again\nretry: 1000\n\n"

const event = (event: string, data: string): string => Sse.encoder.write({ _tag: "Event", event, id: undefined, data })

/** @param pause interval between two queries */
export const make = (
  look: Effect.Effect<Snapshot, StorageFailed>,
  pause: Duration.Input,
  { ending, heartbeat, longestStream }: Serving["Service"]
): Stream.Stream<Uint8Array> =>
  Stream.unwrap(
    Effect.map(Clock.currentTimeMillis, (started) => {
      const millis = (input: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(input))
      const step = Effect.fnUntraced(function* (state: State) {
        if (state.over) return undefined
        for (;;) {
          const found = yield* look
          const now = yield* Clock.currentTimeMillis
          // Runs are sent first, so that the order never names an unsent run.
          const changed = found.runs.filter(({ id, json }) => state.runs.get(id) !== json)
          const texts = changed.map(({ json }) => event("run", json))
          if (found.page !== state.page) texts.push(event("runs", found.page))
          if (texts.length > 0) {
            const runs = new Map(found.runs.map(({ id, json }) => [id, json]))
            return [texts.join(""), { page: found.page, runs, spoken: now, over: false }] as const
          }
          if (now - started >= millis(longestStream)) return [comeAgain, { ...state, over: true }] as const
          if (now - state.spoken >= millis(heartbeat)) return [": here\n\n", { ...state, spoken: now }] as const
          const ends = yield* Effect.timeoutOption(Deferred.await(ending), pause)
          if (ends._tag === "Some") return [comeAgain, { ...state, over: true }] as const
        }
      })
      return Stream.unfold<State, string, never, never>(
        { page: "", runs: new Map(), spoken: started, over: false },
        (state) =>
          // A client that reconnects learns from the status what is wrong with the storage.
          Effect.catchTag(step(state), "StorageFailed", () =>
            Effect.succeed([comeAgain, { ...state, over: true }] as const)
          )
      )
    })
  ).pipe(Stream.encodeText)
