/**
 * The server's storage on a Postgres database that it shares with workers: they carry out what is submitted here, and any
 * number of servers may be beside this one.
 */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { ArtifactStore } from "../artifacts/ArtifactStore.ts"
import * as Postgres from "../cluster/Postgres.ts"
import * as PostgresArtifacts from "../cluster/PostgresArtifacts.ts"
import type { DatabaseUnusable } from "../cluster/PostgresFailure.ts"
import * as PostgresProofs from "../cluster/PostgresProofs.ts"
import { Database } from "../Database.ts"
import * as Engine from "../Engine.ts"
import { Approvals } from "../runs/Approvals.ts"
import { RunRequests } from "../runs/RunRequests.ts"
import { Runs } from "../runs/Runs.ts"
import { Evidence, only } from "./Evidence.ts"
import { Backend } from "./Health.ts"
import type { ServerStorage } from "./Server.ts"

const evidence = Layer.effect(
  Evidence,
  Effect.gen(function* () {
    const store = yield* ArtifactStore
    const sql = yield* SqlClient.SqlClient
    const { failure } = yield* Database
    const database = yield* Effect.context<SqlClient.SqlClient | Database>()
    return Evidence.of({
      script: store.read,
      stored: Effect.fn("Evidence.stored")(function* (beginning: string) {
        const found = yield* sql<{ sha256: string; bytes: number; storedAt: number; intact: boolean }>`
          SELECT sha256, length(bytes)::int AS bytes, stored_at AS "storedAt",
            encode(sha256(bytes), 'hex') = sha256 AS intact
          FROM artifacts WHERE sha256 >= ${beginning} AND sha256 < ${`${beginning}g`} ORDER BY sha256 LIMIT 4`.pipe(
          Effect.mapError(failure)
        )
        const one = yield* only(beginning, found)
        return { ...one, storedAt: DateTime.makeUnsafe(one.storedAt) }
      }),
      proof: (runId) => Effect.provideContext(PostgresProofs.find(runId), database)
    })
  })
)

/** A worker that has said nothing for so long is gone. */
const silence = "15 seconds"

const backend = Layer.effect(
  Backend,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const database = yield* Database
    const number = (statement: Effect.Effect<ReadonlyArray<{ readonly value: number }>, unknown>) =>
      Effect.mapBoth(statement, {
        onSuccess: ([row]) => row?.value ?? 0,
        onFailure: (error): StorageFailed => database.failure(error)
      })
    return Backend.of({
      migrated: Effect.map(
        number(sql<{ value: number }>`SELECT max(migration_id)::int AS value FROM privx_kit_migrations`),
        (version) => version === Postgres.version
      ),
      workers: number(sql<{ value: number }>`
        SELECT count(*)::int AS value FROM cluster_runners
        WHERE healthy AND last_heartbeat > now() - ${silence}::interval`)
    })
  })
)

export const layer = (options: Postgres.Options): Layer.Layer<ServerStorage, DatabaseUnusable> =>
  Layer.mergeAll(evidence, backend).pipe(
    Layer.provide(PostgresArtifacts.layer),
    Layer.provideMerge([Runs.layer, RunRequests.layer, Approvals.layer, Engine.journal]),
    Layer.provideMerge(Postgres.layer(options)),
    Layer.fresh
  )
