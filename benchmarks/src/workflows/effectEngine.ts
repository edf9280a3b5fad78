/** The workflow engine of Effect with three empty activities, put together as its documentation has it. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { PgClient } from "@effect/sql-pg"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as SingleRunner from "effect/cluster/SingleRunner"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import * as ClusterEngine from "@privx-kit/durable/ClusterEngine"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as SqliteClient from "@privx-kit/durable/SqliteClient"
import { GroupCommit } from "@privx-kit/durable/GroupCommit"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as counting from "./counting.ts"
import type { Place, Subject } from "./Subject.ts"

const ThreeSteps = Workflow.make("ThreeSteps", {
  payload: { id: Schema.String },
  idempotencyKey: ({ id }) => id,
  success: Schema.Number
})

const step = (name: string) => Activity.make({ name, success: Schema.Number, execute: Effect.succeed(1) })

const steps = ThreeSteps.toLayer(
  Effect.fnUntraced(function* () {
    const first = yield* step("first")
    const second = yield* step("second")
    const third = yield* step("third")
    return first + second + third
  })
)

const subject = async (engine: Layer.Layer<WorkflowEngine, unknown>): Promise<Subject> => {
  const runtime = ManagedRuntime.make(steps.pipe(Layer.provideMerge(engine)))
  const context = await runtime.runPromise(Effect.context<WorkflowEngine>())
  return {
    run: () => Effect.runPromiseWith(context)(ThreeSteps.execute({ id: randomUUID() })),
    counts: counting.counts
  }
}

export const sqlite = ({ directory }: Place): Promise<Subject> => {
  const client = Layer.provide(SqliteClient.layer, GroupCommit.layer(path.join(directory, "engine.sqlite")))
  const prepared = Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // As durable as the kit is: against the death of the process.
      yield* sql`PRAGMA synchronous = NORMAL`
    })
  ).pipe(Layer.provideMerge(client))
  return subject(
    ClusterWorkflowEngine.layer.pipe(
      Layer.provide(SingleRunner.layer({ runnerStorage: "memory", shardingConfig: { shardsPerGroup: 16 } })),
      Layer.provide(NodeCrypto.layer),
      Layer.provide(prepared),
      Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE"))
    )
  )
}

/** The same workflow on the kit's engine, in a data directory. */
export const sqliteOfKit = ({ directory }: Place): Promise<Subject> =>
  subject(
    EmbeddedEngine.layer.pipe(
      Layer.provide(SqliteStorage.layer),
      Layer.provide(DataDirectory.layer(path.join(directory, "data"))),
      Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE"))
    )
  )

export const postgres = async ({ databaseUrl }: Place): Promise<Subject> => {
  const { counts: _, ...rest } = await subject(
    ClusterWorkflowEngine.layer.pipe(
      Layer.provide(NodeClusterSocket.layer({ storage: "sql", shardingConfig: { shardsPerGroup: 16 } })),
      Layer.provide(PgClient.layer({ url: Redacted.make(databaseUrl), maxConnections: 16 }))
    )
  )
  return rest
}

/** The same workflow on the kit's engine, in a process of a cluster. */
export const postgresOfKit = async ({ databaseUrl }: Place): Promise<Subject> => {
  const url = Redacted.make(databaseUrl)
  await Effect.runPromise(PostgresStorage.migrate({ url }))
  const { counts: _, ...rest } = await subject(
    ClusterEngine.layer({ host: "127.0.0.1" }).pipe(Layer.provide(PostgresStorage.layer({ url, maxConnections: 16 })))
  )
  return rest
}
