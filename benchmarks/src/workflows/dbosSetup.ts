/**
 * The setup as a workflow of DBOS, with the steps of the kit: a program that uses the packages of the kit with another
 * engine. It has no record, no approvals and no retention, which the kit's setup has.
 */
import { DBOS } from "@dbos-inc/dbos-sdk"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
import { Delivery } from "@privx-kit/artifacts/Delivery"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as PostgresArtifactStore from "@privx-kit/artifacts/PostgresArtifactStore"
import * as PostgresProvenanceStore from "@privx-kit/artifacts/PostgresProvenanceStore"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as SetupPipeline from "../../../apps/orchestrator/src/setup/SetupPipeline.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Acquired } from "../../../apps/orchestrator/src/setup/SetupSteps.ts"
import * as dbos from "./dbos.ts"
import { reached } from "./kit.ts"
import type { Place, Subject } from "./Subject.ts"

const DownloadedJson = Schema.toCodecJson(Acquired)
const ReportJson = Schema.toCodecJson(VerificationReport)

const review = { change: "new", reference: null, required: false, decision: null } as const

export const postgres = async (place: Place): Promise<Subject> => {
  const url = Redacted.make(place.databaseUrl)
  await Effect.runPromise(PostgresStorage.migrate({ url }))
  const runtime = ManagedRuntime.make(
    Delivery.layer({ name: "benchmark", version: "0.0.0" }).pipe(
      Layer.provideMerge([
        PostgresArtifactStore.layer,
        PostgresProvenanceStore.layer(path.join(place.directory, "keys"))
      ]),
      Layer.provideMerge(PostgresStorage.layer({ url, maxConnections: 16 })),
      Layer.provideMerge(reached(place))
    )
  )
  const context = await runtime.runPromise(runtime.contextEffect)
  const run = Effect.runPromiseWith(context)

  const acquire = (owner: string) =>
    SetupPipeline.acquire({ owner, configuration: true }).pipe(
      Effect.flatMap((downloaded) => Effect.map(DateTime.now, (at) => ({ ...downloaded, at }))),
      Effect.flatMap(Schema.encodeEffect(DownloadedJson))
    )
  const verify = (downloaded: unknown) =>
    Schema.decodeUnknownEffect(DownloadedJson)(downloaded).pipe(
      Effect.flatMap((downloaded) => SetupPipeline.verify(downloaded)),
      Effect.flatMap(Schema.encodeEffect(ReportJson))
    )
  const deliver = Effect.fnUntraced(function* (runId: string, downloaded: unknown, report: unknown) {
    const script = yield* Schema.decodeUnknownEffect(DownloadedJson)(downloaded)
    const verification = yield* Schema.decodeUnknownEffect(ReportJson)(report)
    const { deliver } = yield* Delivery
    const { manifest } = yield* deliver(
      {
        attempt: 1,
        runId,
        target: place.url,
        downloadedAt: script.at,
        script: {
          sha256: script.sha256,
          bytes: script.bytes,
          contentType: script.contentType ?? null,
          announcedLength: script.announcedLength ?? null
        },
        source: script.source ?? null,
        expected: script.configuration === undefined ? {} : { configuration: script.configuration },
        policy: undefined,
        verification,
        review
      },
      {}
    )
    return manifest
  })

  const setup = DBOS.registerWorkflow(
    async (id: string) => {
      const downloaded = await DBOS.runStep(() => run(acquire(id)), { name: "acquire" })
      const report = await DBOS.runStep(() => run(verify(downloaded)), { name: "verify" })
      return DBOS.runStep(() => run(deliver(id, downloaded, report)), { name: "deliver" })
    },
    { name: "setup" }
  )
  await dbos.launch(place)
  return {
    run: async () => {
      const id = randomUUID()
      return (await DBOS.startWorkflow(setup, { workflowID: id })(id)).getResult()
    }
  }
}
