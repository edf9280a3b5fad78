/**
 * The kit's set-up as its engine sees it: workflow, journal, record and approvals as ever, and three steps that bring what
 * is at hand, so that it can be held against engines whose steps do nothing.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { hash } from "node:crypto"
import * as path from "node:path"
// @boundaries-ignore the app is measured from within: it exports nothing
import { ArtifactStore } from "../../../apps/orchestrator/src/artifacts/ArtifactStore.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Delivery } from "../../../apps/orchestrator/src/artifacts/Delivery.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as ClusterEngine from "../../../apps/orchestrator/src/cluster/ClusterEngine.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as Postgres from "../../../apps/orchestrator/src/cluster/Postgres.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { DataFolder } from "../../../apps/orchestrator/src/DataFolder.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as Engine from "../../../apps/orchestrator/src/Engine.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Approvals } from "../../../apps/orchestrator/src/runs/Approvals.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { RunControl } from "../../../apps/orchestrator/src/runs/RunControl.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { RunRequests } from "../../../apps/orchestrator/src/runs/RunRequests.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Runs } from "../../../apps/orchestrator/src/runs/Runs.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { layerOwn, layerShared } from "../../../apps/orchestrator/src/Setups.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as SetupWorkflow from "../../../apps/orchestrator/src/SetupWorkflow.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as Storage from "../../../apps/orchestrator/src/Storage.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Targets } from "../../../apps/orchestrator/src/Targets.ts"
import { atHand, bytes, nothing, subject } from "./kit.ts"
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
  Layer.mergeAll(artifacts, delivery, RunControl.layer, Targets.single(new URL(place.url)).pipe(Layer.provide(atHand)))

const record = Layer.mergeAll(Runs.layer, RunRequests.layer, Approvals.layer)

export const sqlite = (place: Place): Promise<Subject> =>
  subject(
    layerOwn.pipe(
      Layer.provide(SetupWorkflow.layer),
      Layer.provide(Engine.layer),
      Layer.provide(around(place)),
      Layer.provide(record),
      Layer.provide(Storage.layer),
      Layer.provide(DataFolder.layer(path.join(place.folder, "data"))),
      Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE"))
    ),
    place.url,
    nothing
  )

export const postgres = async (place: Place): Promise<Subject> => {
  const url = Redacted.make(place.databaseUrl)
  await Effect.runPromise(Postgres.migrate({ url }))
  const { counts: _, ...rest } = await subject(
    layerShared.pipe(
      Layer.provide(ClusterEngine.layer({ host: "127.0.0.1" })),
      Layer.provide(around(place)),
      Layer.provide(record),
      Layer.provide(Postgres.layer({ url, maxConnections: 16 }))
    ),
    place.url,
    nothing
  )
  return rest
}
