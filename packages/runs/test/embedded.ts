/** A process on a data directory, with kinds of run that no domain of the kit contains. */
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { RunControl } from "../src/RunControl.ts"
import { RunExecutor } from "../src/RunExecutor.ts"
import * as RunKinds from "../src/RunKinds.ts"
import { RunRequests } from "../src/RunRequests.ts"
import { Runs } from "../src/Runs.ts"
import * as SqliteStorage from "../src/SqliteStorage.ts"

export const target = "https://privx.example"

/** Configured for one host, whose runs open no connection. */
const configured = Layer.succeed(PrivxHosts, {
  has: (host) => host === target,
  open: () => Effect.die(new Error("no run of this test opens a connection"))
})

type Workflows = Layer.Layer<never, never, Runs | RunRequests | RunControl | PrivxHosts | WorkflowEngine>

/** Runs like a separate process: the engine starts with it, and the directory is unlocked when it ends. */
export const session = (
  dataDir: string,
  kinds: ReadonlyArray<RunKinds.RunKind>,
  workflows: Workflows,
  hosts: Layer.Layer<PrivxHosts> = configured
) => {
  const layer = RunExecutor.layer.pipe(
    Layer.provide(workflows),
    Layer.provide(EmbeddedEngine.layer),
    Layer.provide([RunControl.layer, hosts]),
    Layer.provideMerge([Runs.layer, RunRequests.layer, Layer.succeed(RunKinds.RunKinds, RunKinds.make(kinds))]),
    Layer.provideMerge(SqliteStorage.layer),
    Layer.provide(DataDirectory.layer(dataDir)),
    Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")),
    Layer.fresh
  )
  return <A, E>(use: Effect.Effect<A, E, RunExecutor | Runs | RunRequests>) => Effect.scoped(Effect.provide(use, layer))
}
