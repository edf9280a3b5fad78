/** What the endpoints about fleets do. A fleet run is recorded here, and carried out by whoever takes it from the queue. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import * as FleetBegin from "../fleet/FleetBegin.ts"
import * as FleetForecast from "../fleet/FleetForecast.ts"
import { FleetRecord } from "../fleet/FleetRecord.ts"
import * as FleetReport from "../fleet/FleetReport.ts"
import { digestOf, FleetInputs, kind, planOf, targetOf } from "../fleet/FleetRun.ts"
import * as FleetStatus from "../fleet/FleetStatus.ts"
import * as RunActions from "../runs/RunActions.ts"
import { RunNotFound } from "../runs/RunFailures.ts"
import { InvalidInput } from "../SetupFailure.ts"
import * as Answers from "./Answers.ts"
import { Api } from "./Api.ts"
import { Caller } from "./Caller.ts"
import * as FleetSubmission from "./FleetSubmission.ts"
import { Serving } from "./Serving.ts"
import { Submissions } from "./Submissions.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "fleets",
  Effect.fnUntraced(function* (handlers) {
    const submissions = yield* Submissions
    const serving = yield* Serving
    const record = yield* FleetRecord
    const { answered, one } = yield* Answers.make
    const recorded = Effect.provideService(FleetRecord, record)
    const sql = yield* SqlClient.SqlClient
    const { failure } = yield* Database

    /** Until the transaction is over: who hands the same fleet over in the same moment goes on with the first one's run. */
    const alone = (name: string) =>
      sql.onDialectOrElse({
        pg: () => Effect.mapError(sql`SELECT pg_advisory_xact_lock(hashtext(${targetOf(name)}))`, failure),
        // Of SQLite, there is one transaction that writes.
        orElse: () => Effect.void
      })

    return handlers
      .handle("apply", ({ headers, payload }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const plan = planOf(yield* FleetSubmission.read(payload, serving))
          const how = { handedOver: true, idempotencyKey: headers["idempotency-key"] }
          let chosen: FleetBegin.Chosen | undefined
          yield* submissions.recorded(
            caller.name,
            Effect.gen(function* () {
              yield* alone(plan.name)
              chosen = yield* FleetBegin.choose(plan, how)
              return chosen.continued ? undefined : chosen.run
            })
          )
          const { continued, others, run }: FleetBegin.Chosen =
            chosen ?? (yield* Effect.die(new Error("no fleet run was recorded")))
          const found = yield* RunActions.find(run.id)
          const { inputs } = found
          if (!Schema.is(FleetInputs)(inputs) || inputs.digest !== digestOf(plan)) {
            const detail = `the idempotency key belongs to the run ${run.id}, which has others`
            return yield* new InvalidInput({ detail })
          }
          return { created: !continued, run: yield* one(found), others }
        }).pipe(recorded, answered)
      )
      .handle("plan", ({ payload }) =>
        FleetSubmission.read(payload, serving).pipe(Effect.flatMap(FleetForecast.of), recorded, answered)
      )
      .handle("standing", ({ payload }) =>
        Effect.gen(function* () {
          const fleet = yield* FleetSubmission.read(payload, serving)
          return { fleet: fleet.name, hosts: yield* FleetStatus.of(fleet) }
        }).pipe(answered)
      )
      .handle("show", ({ params }) =>
        Effect.gen(function* () {
          const run = yield* RunActions.find(params.run)
          const { inputs } = run
          if (run.kind !== kind || !Schema.is(FleetInputs)(inputs)) return yield* new RunNotFound({ runId: run.id })
          const hosts = yield* FleetReport.of(run.id)
          return { fleet: inputs.name, run: yield* one(run), counts: FleetReport.countsOf(hosts), hosts }
        }).pipe(recorded, answered)
      )
  })
).pipe(Layer.provide(FleetRecord.layer))
