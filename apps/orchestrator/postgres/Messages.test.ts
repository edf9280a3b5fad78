/** What the engine's journal writes in groups. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { ActivityJournal } from "@privx-kit/durable/ActivityJournal"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as PostgresActivityJournal from "@privx-kit/durable/PostgresActivityJournal"
import * as PostgresMessageWriter from "@privx-kit/durable/PostgresMessageWriter"
import { Writes } from "@privx-kit/durable/BufferedMessageStorage"
import * as support from "./support.ts"

const server = support.server()

const journal = Layer.suspend(() =>
  Layer.unwrap(
    Effect.map(support.database(server()), (url) =>
      Layer.mergeAll(PostgresMessageWriter.layer, PostgresActivityJournal.layer).pipe(
        Layer.provideMerge(PostgresStorage.layer({ url, maxConnections: 4 }))
      )
    )
  )
)

const request = (id: string) => ({
  id,
  key: `key ${id}`,
  shard: "default:1",
  entityType: "Test",
  entityId: id,
  tag: "run",
  payload: "{}",
  headers: "{}",
  traceId: null,
  spanId: null,
  sampled: null
})

describe("the journal on Postgres", () => {
  it.live("takes a reply once more whose writing seemed to have failed, and no other to the same request", () =>
    Effect.gen(function* () {
      const writes = yield* Writes
      const sql = yield* SqlClient.SqlClient
      assert.isTrue(yield* writes.request(request("1")))
      const reply = { id: "2", requestId: "1", payload: `{"_tag":"Success"}` }
      yield* writes.reply(reply)
      yield* writes.reply(reply)
      assert.strictEqual((yield* Effect.flip(writes.reply({ ...reply, id: "3" })))._tag, "SqlError")
      const [row] = yield* sql<{ replies: number }>`SELECT count(*)::int AS replies FROM cluster_replies`
      assert.strictEqual(row?.replies, 1)
    }).pipe(Effect.provide(journal))
  )

  it.live("has one first of those that end an activity in the same moment, and the others know", () =>
    Effect.gen(function* () {
      const activities = yield* ActivityJournal
      const key = { executionId: "e", activity: "a", attempt: 1 }
      const firsts = yield* Effect.all(
        ["1", "2", "3"].map((exit) => activities.record(key, exit)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(firsts.filter((first) => first).length, 1)
      const exits = yield* activities.exits("e")
      assert.strictEqual(exits.get("a/1"), String(firsts.indexOf(true) + 1))
    }).pipe(Effect.provide(journal))
  )
})
