/**
 * The kit's setup as its engine sees it: workflow, journal, record and approvals are unchanged, and its three steps return
 * constants, so that it can be compared with engines whose steps do nothing.
 */
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { hash } from "node:crypto"
import * as path from "node:path"
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { Delivery } from "@privx-kit/artifacts/Delivery"
import * as ClusterEngine from "@privx-kit/durable/ClusterEngine"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
// @boundaries-ignore the app is measured from within: it exports nothing
import { layerRunKinds } from "../../../apps/orchestrator/src/domain/Domains.ts"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import { Approvals } from "@privx-kit/runs/Approvals"
import { RunControl } from "@privx-kit/runs/RunControl"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Setups } from "../../../apps/orchestrator/src/setup/Setups.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { UebaOperations } from "../../../apps/orchestrator/src/setup/UebaOperations.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as SetupWorkflow from "../../../apps/orchestrator/src/setup/SetupWorkflow.ts"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
// @boundaries-ignore the app is measured from within: it exports nothing
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { atHand, bytes, client, domains, nothing, subject } from "./kit.ts"
import type { Place, Subject } from "./Subject.ts"

const artifact = { sha256: hash("sha256", bytes, "hex"), bytes: bytes.length, path: "memory:" }

const artifacts = Layer.succeed(ArtifactStore, {
  store: () => Effect.succeed(artifact),
  read: () => Effect.succeed(bytes),
  find: () => Effect.succeed(artifact)
})

const delivery = Layer.succeed(Delivery, {
  deliver: () => Effect.succeed({ manifest: "memory:", delivered: undefined })
})

const around = (place: Place) =>
  Layer.mergeAll(
    artifacts,
    delivery,
    RunControl.layer,
    PrivxHosts.single(new URL(place.url)).pipe(Layer.provide(client(place))),
    Layer.effect(
      UebaOperations,
      Effect.map(Layer.build(atHand), (context) => () => Effect.succeed(Context.get(context, Ueba)))
    )
  )

const record = Layer.mergeAll(
  Runs.layer,
  RunRequests.layer,
  Approvals.layer,
  layerRunKinds.pipe(Layer.provide(domains))
)

export const sqlite = (place: Place): Promise<Subject> =>
  subject(
    Setups.layer.pipe(
      Layer.provide(RunExecutor.layer),
      Layer.provide(SetupWorkflow.layer),
      Layer.provide(EmbeddedEngine.layer),
      Layer.provide(around(place)),
      Layer.provide(record),
      Layer.provide(SqliteStorage.layer),
      Layer.provide(DataDirectory.layer(path.join(place.directory, "data"))),
      Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE"))
    ),
    place.url,
    nothing
  )

export const postgres = async (place: Place): Promise<Subject> => {
  const url = Redacted.make(place.databaseUrl)
  await Effect.runPromise(PostgresStorage.migrate({ url }))
  const { counts: _, ...rest } = await subject(
    Setups.layer.pipe(
      Layer.provide(RunExecutor.layerShared),
      Layer.provide(SetupWorkflow.layer),
      Layer.provide(ClusterEngine.layer({ host: "127.0.0.1" })),
      Layer.provide(around(place)),
      Layer.provide(record),
      Layer.provide(PostgresStorage.layer({ url, maxConnections: 16 }))
    ),
    place.url,
    nothing
  )
  return rest
}
