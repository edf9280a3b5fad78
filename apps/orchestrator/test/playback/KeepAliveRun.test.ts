/** Playback sessions that a server keeps authenticated. */
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../support/cli.ts"
import * as privx from "../support/privx.ts"
import * as served from "../support/served.ts"
import { place, type PrivX } from "../support/setups.ts"

/**
 * The tests use a fixed token without a lifetime. The interval is a third of the lifetime. A session fails when its calls
 * are late by the remaining time, which is the margin for a busy machine.
 */
const tokenLifetime = "2400ms"

const calls = (simulator: PrivX) =>
  Effect.map(simulator.requests, (requests) =>
    requests.filter(({ operation, status }) => operation === "Playback.reauthenticate" && status === 200)
  )

const more = (simulator: PrivX, than: number) => eventually(calls(simulator), (found) => found.length > than)

describe("a playback session at a server", () => {
  it.live("is kept alive until it is over, across a restart of the server, and its id is nowhere in the record", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const id = yield* Effect.orDie(simulator.addPlaybackSession())
      const secret = Redacted.value(id)
      const { dataDir } = yield* place
      const start = served.start({ resumed: { simulator, dataDir } })
      const runId = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* start
          const submit = (as = "operator") =>
            server.ask("POST", "/api/v1/playback/keep-alives", { as, body: { sessionIds: [secret], tokenLifetime } })
          assert.strictEqual((yield* submit("viewer")).status, 403)
          const answer = yield* submit()
          assert.strictEqual(answer.status, 202, answer.text)
          const { created, run } = answer.json.runs[0]
          assert.isTrue(created)
          yield* more(simulator, 1)
          const again = yield* submit()
          assert.deepStrictEqual(
            again.json.runs.map((one: { created: boolean; run: { id: string } }) => [one.created, one.run.id]),
            [[false, run.id]]
          )
          const listed = yield* server.ask("GET", "/api/v1/runs?kind=playback-keep-alive", { as: "viewer" })
          assert.deepInclude(listed.json.runs[0], { id: run.id, status: "running", requestedBy: "operator" })
          assert.deepStrictEqual(listed.json.runs[0].inputs, { tokenLifetime: 2400 })
          const kept = yield* server.ask("GET", "/api/v1/playback/keep-alives?status=running", { as: "viewer" })
          const [state] = kept.json.keepAlives
          assert.isNull(state.ended)
          assert.deepInclude(state.run, { id: run.id, requestedBy: "operator", result: null })
          assert.isAbove(state.count, 0)
          assert.isAtMost(Date.parse(state.lastCallAt), Date.parse(state.nextCallAt))
          assert.isAtMost(Date.parse(state.nextCallAt), Date.parse(state.authenticatedUntil))
          for (const { text } of [answer, again, listed, kept]) assert.notInclude(text, secret)
          return String(run.id)
        })
      )
      const before = (yield* calls(simulator)).length
      const server = yield* start
      yield* more(simulator, before)
      yield* simulator.endPlaybackSession(id)
      const done = yield* server.reached(runId, "succeeded")
      const { count } = done.result
      assert.deepStrictEqual(done.result, { runId, ended: "sessionEnded", count })
      // A server that stops during a call does not count the call.
      const made = (yield* calls(simulator)).length
      assert.isTrue(count === made || count === made - 1, `${count} of ${made}`)
      const over = yield* server.ask("GET", "/api/v1/playback/keep-alives?limit=1", { as: "viewer" })
      assert.deepInclude(over.json.keepAlives[0], {
        count,
        ended: "sessionEnded",
        failing: false,
        nextCallAt: null,
        authenticatedUntil: null
      })
      for (const file of fs.readdirSync(dataDir, { recursive: true, encoding: "utf8" })) {
        const whole = path.join(dataDir, file)
        if (fs.statSync(whole).isFile()) assert.isFalse(fs.readFileSync(whole).includes(secret), file)
      }
    })
  )

  it.live("is submitted by the command line, cancelled, kept alive again, and ended by its time", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { simulator } = server
      const ids = yield* Effect.orDie(Effect.all([simulator.addPlaybackSession(), simulator.addPlaybackSession()]))
      const keepAlive = (...args: ReadonlyArray<string>) =>
        served.cli(
          {
            PRIVX_KIT_SERVER: server.url.origin,
            PRIVX_KIT_SERVER_TOKEN: server.tokenOf("operator"),
            PRIVX_PLAYBACK_SESSION_ID: ids.map(Redacted.value).join(" ")
          },
          "playback",
          "keep-alive",
          "--token-lifetime",
          tokenLifetime,
          ...args
        )
      const submitted = yield* keepAlive("--json")
      assert.strictEqual(submitted.code, 0, submitted.stderr)
      for (const id of ids) assert.notInclude(submitted.stdout + submitted.stderr, Redacted.value(id))
      const { sessions } = cli.json(submitted).result as ReturnType<typeof JSON.parse>
      assert.deepStrictEqual(
        sessions.map(({ created, session }: { created: boolean; session: number }) => [session, created]),
        [
          [1, true],
          [2, true]
        ]
      )
      const [first, second] = sessions
      yield* more(simulator, 3)
      const cancelled = yield* server.ask("POST", `/api/v1/runs/${first.runId}/cancel`, { as: "operator" })
      assert.strictEqual(cancelled.json.status, "cancelled", cancelled.text)
      yield* server.ask("POST", `/api/v1/runs/${first.runId}/retry`, { as: "operator" })
      yield* server.reached(first.runId, "running")
      yield* more(simulator, (yield* calls(simulator)).length + 2)
      for (const id of ids) yield* simulator.endPlaybackSession(id)
      yield* server.reached(first.runId, "succeeded")
      yield* server.reached(second.runId, "succeeded")

      const timed = yield* keepAlive("--for", "10ms")
      assert.strictEqual(timed.code, 0, timed.stderr)
      assert.match(timed.stdout, /Session 2 is kept alive by the run [0-9a-f-]{36}\.\n/)
      const elsewhere = yield* keepAlive("--path", "/x/:session_id")
      assert.strictEqual(elsewhere.code, 2)
      // No response repeats the sent ids.
      const many = Array.from({ length: 1001 }, (_, index) => `secret-${index}`)
      for (const sessionIds of [[".."], [], "secret-0", ["secret-0", 1], many]) {
        const bad = yield* server.ask("POST", "/api/v1/playback/keep-alives", { as: "operator", body: { sessionIds } })
        assert.strictEqual(bad.status, 400, bad.text)
        assert.notInclude(bad.text, "secret-")
      }
    })
  )
})
