import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as served from "../support/served.ts"

const slow = { simulator: { faults: ["createSession:503/MAX_LOAD*2,retry-after=1"] } }

/** Follows a run, and returns once the first event has arrived. */
const listening = Effect.fnUntraced(function* (server: Effect.Success<ReturnType<typeof served.start>>, run: string) {
  let heard = ""
  const fiber = yield* Effect.forkChild(
    server.events(run, {
      onText: (text) => {
        heard = text
      }
    }),
    { startImmediately: true }
  )
  yield* Effect.suspend(() => Effect.succeed(heard)).pipe(
    Effect.delay("5 millis"),
    Effect.repeat({ until: (text) => text.includes("event: run") })
  )
  return fiber
})

describe("following a run", () => {
  it.live("sends each change once, with an id, and ends with the run", () =>
    Effect.gen(function* () {
      const server = yield* served.start(slow)
      const { run } = yield* server.submit()
      const { status, text } = yield* server.events(run.id)
      assert.strictEqual(status, 200)
      const events = served.parseEvents(text)
      assert.isAbove(events.length, 1)
      assert.strictEqual(new Set(events.map(({ id }) => id)).size, events.length)
      assert.strictEqual(events.at(-1)?.run.status, "succeeded")
      assert.isNotNull(events.at(-1)?.run.result)
      // A browser that reconnects learns that there are no more events.
      const again = yield* server.events(run.id, { seen: events.at(-1)?.id ?? "" })
      assert.strictEqual(again.status, 204)
    })
  )

  it.live("continues where a client lost the connection", () =>
    Effect.gen(function* () {
      const server = yield* served.start(slow)
      const { run } = yield* server.submit()
      const first = yield* server.events(run.id, { until: (text) => served.parseEvents(text).length > 0 })
      const [seen] = served.parseEvents(first.text)
      const rest = yield* server.events(run.id, { seen: seen?.id ?? "" })
      const events = served.parseEvents(rest.text)
      assert.notInclude(
        events.map(({ id }) => id),
        seen?.id
      )
      assert.strictEqual(events.at(-1)?.run.status, "succeeded")
    })
  )

  it.live("says something now and then while nothing changes, and sends old clients to come again", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ heartbeat: "30 millis", longestStream: "300 millis" })
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      const { text } = yield* server.events(run.id)
      assert.isAbove(text.split(": here\n\n").length, 3)
      assert.match(text, /\nretry: \d+\n\n$/)
      assert.strictEqual(served.parseEvents(text).at(-1)?.run.status, "waiting")
    })
  )

  it.live("is bounded in number", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ streams: 1 })
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      const fiber = yield* listening(server, run.id)
      const second = yield* server.events(run.id)
      assert.strictEqual(second.status, 503)
      yield* Fiber.interrupt(fiber)
      // The stream is released.
      yield* server
        .events(run.id, { until: () => true })
        .pipe(Effect.delay("20 millis"), Effect.repeat({ until: ({ status }) => status === 200 }))
    })
  )

  it.live("lets go with a hint to come again when the server ends", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(served.start(), scope)
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      const fiber = yield* listening(server, run.id)
      yield* Scope.close(scope, Exit.void)
      const { text } = yield* Fiber.join(fiber)
      assert.match(text, /\nretry: \d+\n\n$/)
    })
  )
})
