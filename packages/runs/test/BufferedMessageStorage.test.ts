/** The engine's journal of a data directory, over real SQLite. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { MessageStorage } from "effect/cluster/MessageStorage"
import * as ShardId from "effect/cluster/ShardId"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as BufferedMessageStorage from "@privx-kit/durable/BufferedMessageStorage"
import * as SqliteMessages from "@privx-kit/durable/SqliteMessageWriter"
import * as SqliteStorage from "../src/SqliteStorage.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"

const journal = (directory: string) =>
  BufferedMessageStorage.layer.pipe(
    Layer.provide(SqliteMessages.layer),
    Layer.provideMerge(SqliteStorage.layer),
    Layer.provide(DataDirectory.layer(directory)),
    Layer.provide([NodeCrypto.layerDigest, ShardingConfig.layer({})]),
    Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
    Layer.fresh
  )

/** Sets the clock of the machine back until the scope closes. */
const setBack = (millis: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { now } = Date
      Date.now = () => now() - millis
      return now
    }),
    (now) => Effect.sync(() => void (Date.now = now))
  )

describe("the engine's journal", () => {
  it.live("is looked at for what others have left, also when the time of the machine was set back", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const storage = yield* MessageStorage
        const sql = yield* SqlClient.SqlClient
        const shard = ShardId.make("default", 1)
        assert.deepStrictEqual(yield* storage.unprocessedMessages([shard]), [])
        yield* setBack(3_600_000)
        yield* sql`
          INSERT INTO cluster_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, payload, headers,
            request_id)
          VALUES (1, 'key', ${ShardId.toString(shard)}, 'Test', 'one', 0, 'run', '{}', '{}', 1)`
        const found = yield* eventually(storage.unprocessedMessages([shard]), (messages) => messages.length > 0)
        assert.strictEqual(found.length, 1)
      }).pipe(Effect.provide(journal(yield* temporary.directory)), Effect.scoped)
    })
  )
})
