/**
 * The storage of a server in a Postgres database that it shares with workers. The workers execute the submitted runs, and
 * any number of servers can share the database.
 */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as PostgresArtifactStore from "@privx-kit/artifacts/PostgresArtifactStore"
import type { DatabaseUnusable } from "@privx-kit/durable/PostgresFailure"
import * as PostgresProvenanceStore from "@privx-kit/artifacts/PostgresProvenanceStore"
import { Database } from "@privx-kit/durable/Database"
import { type Domains, layerRunKinds } from "../domain/Domains.ts"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import { Approvals } from "@privx-kit/runs/Approvals"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { ProvenanceReader, only } from "./ProvenanceReader.ts"
import { Backend } from "./Health.ts"
import type { ServerStorage } from "./Server.ts"

const evidence = Layer.effect(
  ProvenanceReader,
  Effect.gen(function* () {
    const store = yield* ArtifactStore
    const sql = yield* SqlClient.SqlClient
    const { failure } = yield* Database
    const database = yield* Effect.context<SqlClient.SqlClient | Database>()
    return ProvenanceReader.of({
      script: store.read,
      stored: Effect.fn("ProvenanceReader.stored")(function* (beginning: string) {
        const found = yield* sql<{ sha256: string; bytes: number; storedAt: number; intact: boolean }>`
          SELECT sha256, length(bytes)::int AS bytes, stored_at AS "storedAt",
            encode(sha256(bytes), 'hex') = sha256 AS intact
          FROM artifacts WHERE sha256 >= ${beginning} AND sha256 < ${`${beginning}g`} ORDER BY sha256 LIMIT 4`.pipe(
          Effect.mapError(failure)
        )
        const one = yield* only(beginning, found)
        return { ...one, storedAt: DateTime.makeUnsafe(one.storedAt) }
      }),
      provenance: (runId) => Effect.provideContext(PostgresProvenanceStore.find(runId), database)
    })
  })
)

/** A worker counts as stopped after this time without a sign of life. */
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
      unusable: PostgresStorage.examine.pipe(
        Effect.as(undefined),
        Effect.catchTag("DatabaseUnusable", ({ message }) => Effect.succeed(message)),
        Effect.provideService(SqlClient.SqlClient, sql),
        Effect.provideService(Database, database)
      ),
      workers: number(sql<{ value: number }>`
        SELECT count(*)::int AS value FROM cluster_runners
        WHERE healthy AND last_heartbeat > now() - ${silence}::interval`)
    })
  })
)

export const layer = (options: PostgresStorage.Options): Layer.Layer<ServerStorage, DatabaseUnusable, Domains> =>
  // The workers have the credentials of PrivX hosts.
  Layer.mergeAll(evidence, backend, PrivxHosts.none).pipe(
    Layer.provide(PostgresArtifactStore.layer),
    Layer.provideMerge([Runs.layer, RunRequests.layer, Approvals.layer, EmbeddedEngine.journal, layerRunKinds]),
    Layer.provideMerge(PostgresStorage.layer(options)),
    Layer.fresh
  )
