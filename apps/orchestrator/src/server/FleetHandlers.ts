/** Handlers of the fleet endpoints. They record a fleet run; the process that claims it executes it. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import * as FleetStart from "../fleet/FleetStart.ts"
import * as FleetPreview from "../fleet/FleetPreview.ts"
import { FleetRecord } from "../fleet/FleetRecord.ts"
import * as FleetReport from "../fleet/FleetReport.ts"
import { digestOf, FleetInputs, kind, planOf, targetOf } from "../fleet/FleetRun.ts"
import * as FleetStatus from "../fleet/FleetStatus.ts"
import * as RunActions from "@privx-kit/runs/RunActions"
import { RunNotFound, InvalidInput } from "@privx-kit/runs/RunFailures"
import { Runs } from "@privx-kit/runs/Runs"
import * as Responses from "./Responses.ts"
import { Api } from "./Api.ts"
import { Principal } from "./Principal.ts"
import { DefinitionReader } from "./DefinitionReader.ts"
import type { FleetBody } from "./FleetApi.ts"
import { Serving } from "./Serving.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as MaskedPaths from "./MaskedPaths.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "fleets",
  Effect.fnUntraced(function* (handlers) {
    const submissions = yield* RequesterLog
    const record = yield* FleetRecord
    const runs = yield* Runs
    const { answered, one } = yield* Responses.make
    const reader = yield* DefinitionReader
    const { fleetHosts, minimum, targets } = yield* Serving
    const read = (body: FleetBody) =>
      Effect.flatMap(Principal, ({ name }) => reader.read({ body, serving: { fleetHosts, minimum, targets } }, name))
    const recorded = Effect.provideService(FleetRecord, record)
    const sql = yield* SqlClient.SqlClient
    const { failure } = yield* Database

    /**
     * Holds a lock until the transaction ends. If the same fleet is submitted twice at the same time, the second
     * submission joins the run of the first.
     */
    const alone = (name: string) =>
      sql.onDialectOrElse({
        pg: () => Effect.mapError(sql`SELECT pg_advisory_xact_lock(hashtext(${targetOf(name)}))`, failure),
        // SQLite has only one writing transaction at a time.
        orElse: () => Effect.void
      })

    const find = Effect.fnUntraced(function* (beginning: string) {
      const run = yield* RunActions.find(beginning)
      const { inputs } = run
      if (run.kind !== kind || !Schema.is(FleetInputs)(inputs)) return yield* new RunNotFound({ runId: run.id })
      const known: FleetInputs = inputs
      return { run, inputs: known }
    })

    return handlers
      .handle("apply", ({ headers, payload }) =>
        Effect.gen(function* () {
          const caller = yield* Principal
          const plan = planOf(yield* read(payload))
          const how = { handedOver: true, idempotencyKey: headers["idempotency-key"] }
          let chosen: FleetStart.Chosen | undefined
          yield* submissions.recorded(
            caller.name,
            Effect.gen(function* () {
              yield* alone(plan.name)
              chosen = yield* FleetStart.choose(plan, how)
              return chosen.continued ? undefined : chosen.run
            })
          )
          const { continued, others, run }: FleetStart.Chosen =
            chosen ?? (yield* Effect.die(new Error("no fleet run was recorded")))
          const found = yield* RunActions.find(run.id)
          const { inputs } = found
          if (!Schema.is(FleetInputs)(inputs) || inputs.digest !== digestOf(plan)) {
            const detail = `the idempotency key belongs to run ${run.id}, which has other hosts or inputs`
            return yield* new InvalidInput({ detail })
          }
          return { created: !continued, run: yield* one(found), others }
        }).pipe(recorded, answered)
      )
      .handle("plan", ({ payload }) =>
        read(payload).pipe(Effect.flatMap(FleetPreview.of), Effect.map(MaskedPaths.preview), recorded, answered)
      )
      .handle("standing", ({ payload }) =>
        read(payload).pipe(
          Effect.flatMap((fleet) => FleetStatus.standing(planOf(fleet))),
          Effect.map(MaskedPaths.standing),
          answered
        )
      )
      .handle("state", ({ params }) =>
        Effect.gen(function* () {
          const { inputs, run } = yield* find(params.run)
          const [last = run] = yield* runs.list({ kind, target: run.target, limit: 1, results: false })
          const { schedule, ...plan } = yield* record.plan(run.id)
          // The next round of a fleet equals the last one.
          const current = last.id === run.id ? schedule : undefined
          const standing = yield* FleetStatus.standing({ ...plan, name: inputs.name, schedule: current })
          return { ...MaskedPaths.standing(standing), latest: last.id }
        }).pipe(answered)
      )
      .handle("preview", ({ params }) =>
        Effect.gen(function* () {
          const { inputs, run } = yield* find(params.run)
          const plan = { ...inputs, ...(yield* record.plan(run.id)) }
          return MaskedPaths.preview(yield* FleetPreview.ofRecorded(plan, run.position))
        }).pipe(recorded, answered)
      )
      .handle("show", ({ params }) =>
        Effect.gen(function* () {
          const { inputs, run } = yield* find(params.run)
          const hosts = (yield* FleetReport.of(run.id)).map(({ failure, ...host }) => ({
            ...host,
            failure: failure === null ? null : { ...failure, message: MaskedPaths.message(failure) }
          }))
          return { fleet: inputs.name, run: yield* one(run), counts: FleetReport.countsOf(hosts), hosts }
        }).pipe(recorded, answered)
      )
  })
).pipe(Layer.provide(FleetRecord.layer))
