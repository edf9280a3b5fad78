/** Playback sessions that workers on Postgres keep authenticated. */
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as path from "node:path"
import * as SharedStorage from "../src/server/SharedStorage.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import * as support from "./support.ts"

const database = support.server()

describe("a playback session on Postgres", { timeout: 120_000 }, () => {
  it.live("stays authenticated when its worker is killed", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(database())
      const id = yield* Effect.orDie(simulator.addPlaybackSession())
      const server = yield* served.on(SharedStorage.layer({ url, maxConnections: 4 }), {
        target: simulator.url.origin,
        tokenFile: path.join(yield* temporary.directory, "tokens.toml")
      })
      const worker = support.workerProcess(simulator, url).pipe(Effect.tap(({ line }) => line("ready")))
      const calls = Effect.map(simulator.requests, (requests) =>
        requests.filter(({ operation, status }) => operation === "Playback.reauthenticate" && status === 200)
      )
      const first = yield* worker
      // A third of it passes between two calls, so that the other two are the margin.
      const body = { sessionIds: [Redacted.value(id)], tokenLifetime: "60s" }
      const answer = yield* server.ask("POST", "/api/v1/playback/keep-alives", { as: "operator", body })
      const runId = String(answer.json.runs[0].run.id)
      yield* eventually(calls, (found) => found.length > 0)
      const rows = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql<{ count: number; until: string }>`
          SELECT count, authenticated_until AS until FROM playback_keep_alives WHERE run_id = ${runId}`
      ).pipe(Effect.provide(support.record(url)))
      const [before] = yield* eventually(rows, (found) => found.length > 0)
      const kept = yield* server.ask("GET", "/api/v1/playback/keep-alives", { as: "viewer" })
      assert.deepInclude(kept.json.keepAlives[0], { count: 1, failing: false, ended: null }, kept.text)
      yield* first.kill
      const called = (yield* calls).length
      yield* worker
      const next = yield* eventually(calls, (found) => found.length > called)
      const time = next[called]?.time
      assert(time !== undefined && before !== undefined)
      assert.isBelow(DateTime.toEpochMillis(time), Number(before.until))
      yield* simulator.endPlaybackSession(id)
      yield* server.ask("POST", `/api/v1/runs/${runId}/cancel`, { as: "operator" })
      const run = yield* server.reached(runId, "cancelled")
      assert.strictEqual(run.kind, "playback-keep-alive")
      // Neither record nor journal has the id.
      const tables = yield* Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql<{ xml: string }>`SELECT database_to_xml(true, false, '')::text AS xml`
      ).pipe(Effect.provide(support.record(url)))
      assert.include(tables[0]?.xml, runId)
      assert.notInclude(tables[0]?.xml, Redacted.value(id))
    })
  )
})
