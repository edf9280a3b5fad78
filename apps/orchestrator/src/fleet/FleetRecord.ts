/**
 * Fleet runs in the record: the task of each, and the results of its parts. The cost of every query is proportional to
 * its result, so a fleet of ten thousand hosts costs ten times as much as one of a thousand.
 */
import { RunId } from "@privx-kit/core/RunId"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import { Review, RunStatus } from "@privx-kit/runs/Run"
import * as RunRows from "@privx-kit/runs/RunRows"
import { Runs } from "@privx-kit/runs/Runs"
import { SetupInputs } from "../setup/SetupInputs.ts"
import { kindOf, kinds } from "./FleetJob.ts"
import { type Counts, digestOf, idOf, kind, type Plan, PlannedHost, PlannedSchedule, targetOf } from "./FleetRun.ts"

/** The short form of a part of a fleet run. */
export const Part = Schema.Struct({
  id: RunId,
  target: Schema.String,
  status: RunStatus,
  attempt: Schema.Int,
  createdAt: Schema.Int,
  startedAt: Schema.NullOr(Schema.Int),
  endedAt: Schema.NullOr(Schema.Int),
  sha256: Schema.NullOr(Schema.String),
  review: Schema.NullOr(Schema.fromJsonString(Review)),
  failure: Schema.NullOr(Schema.fromJsonString(Schema.Json))
})

export type Part = typeof Part.Type

/** The recorded task of a fleet run. */
export type RecordedPlan = Pick<Plan, "concurrency" | "schedule" | "maxAge" | "hosts">

/** Options for recording a fleet run. */
export interface Created {
  /** Whether it was submitted to a server. It is then queued for a process that executes it. */
  readonly handedOver?: boolean | undefined
  readonly idempotencyKey?: string | undefined
}

export class FleetRecord extends Context.Service<
  FleetRecord,
  {
    /** Records a fleet run with its task; `false` if a run with that key exists. */
    readonly create: (id: string, plan: Plan, how?: Created) => Effect.Effect<boolean, StorageFailed>
    /** Updates a resumed run with the concurrency, labels and schedule that its file sets now. */
    readonly refresh: (id: string, plan: Plan) => Effect.Effect<void, StorageFailed>
    readonly plan: (id: string) => Effect.Effect<RecordedPlan, StorageFailed>
    /** The number of parts that are unfinished and not waiting for approval. */
    readonly busy: (id: string) => Effect.Effect<number, StorageFailed>
    /** The number of unfinished parts. */
    readonly open: (id: string) => Effect.Effect<number, StorageFailed>
    /** Queues parts: those that are not recorded yet and, in a later attempt, those that had failed. */
    readonly enqueue: (
      id: string,
      hosts: ReadonlyArray<PlannedHost>,
      attempt: number
    ) => Effect.Effect<void, StorageFailed>
    /** Visits every part in pages, so that only a few are in memory at once. */
    readonly eachPart: (id: string, use: (part: Part) => void) => Effect.Effect<void, StorageFailed>
    /** Finds runs by their ids, in no particular order. */
    readonly parts: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Part>, StorageFailed>
    /**
     * The runs of hosts that wait for approval, by target, with inputs and ids. If a target has several, the latest one
     * counts.
     */
    readonly waiting: Effect.Effect<
      ReadonlyMap<string, { readonly id: string; readonly inputs: Schema.Json }>,
      StorageFailed
    >
    /** The runs among them that have been decided and have not ended yet. */
    readonly decided: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, StorageFailed>
    readonly counts: (id: string) => Effect.Effect<Counts, StorageFailed>
  }
>()("privx-kit/FleetRecord") {
  static readonly layer: Layer.Layer<FleetRecord, never, SqlClient.SqlClient | Database | Runs> = Layer.effect(
    FleetRecord,
    Effect.gen(function* () {
      return make(yield* SqlClient.SqlClient, yield* Database, yield* Runs)
    })
  )
}

/** Maximum number of rows per query. */
const page = 500

const make = (
  sql: SqlClient.SqlClient,
  database: Database["Service"],
  runs: Runs["Service"]
): FleetRecord["Service"] => {
  const { rows, stored } = RunRows.make(sql, database)
  const readParts = rows(Schema.Array(Part))
  const readPlaced = rows(Schema.Array(Schema.Struct({ ...Part.fields, position: Schema.Int })))
  const columns = sql.literal(
    'id, target, status, attempt, created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt", sha256, review, failure'
  )

  /** Restores the original failure of a transaction. */
  const transaction = <A>(effect: Effect.Effect<A, StorageFailed>): Effect.Effect<A, StorageFailed> =>
    Effect.mapError(sql.withTransaction(effect), (error) =>
      error instanceof StorageFailed ? error : database.failure(error)
    )

  const count = (where: ReturnType<typeof sql.and>) =>
    Effect.map(stored(sql<{ count: number }>`SELECT COUNT(*) AS count FROM runs WHERE ${where}`), ([row]) =>
      Number(row?.count ?? 0)
    )

  const parts = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const found: Array<Part> = []
    for (let from = 0; from < ids.length; from += page) {
      const some = yield* readParts(
        sql`SELECT ${columns} FROM runs WHERE ${sql.in("id", ids.slice(from, from + page))}`
      )
      found.push(...some)
    }
    return found
  })

  const recorded = Effect.fnUntraced(function* (id: string) {
    const [row] = yield* readPlan(sql`SELECT concurrency, plan FROM fleet_plans WHERE run_id = ${id}`)
    if (row === undefined) {
      return yield* new StorageFailed({ path: database.name, reason: "damaged", detail: `fleet run ${id} has no plan` })
    }
    return row
  })

  const plan = Effect.fn("FleetRecord.plan")(function* (id: string): Effect.fn.Return<RecordedPlan, StorageFailed> {
    const {
      concurrency,
      plan: { hosts, maxAgeMillis, policies, schedule }
    } = yield* recorded(id)
    return {
      concurrency,
      schedule: schedule ?? undefined,
      maxAge: maxAgeMillis === null ? undefined : Duration.millis(maxAgeMillis),
      hosts: hosts.map(({ policy, ...host }): PlannedHost => {
        const shared = policy === undefined ? undefined : policies[policy]
        if (shared === undefined) return host
        return { ...host, inputs: { ...host.inputs, policy: shared } }
      })
    }
  })
  const readPlan = rows(
    Schema.Array(Schema.Struct({ concurrency: Schema.Int, plan: Schema.fromJsonString(StoredPlan) }))
  )

  const readWaiting = rows(
    Schema.Array(Schema.Struct({ id: RunId, target: Schema.String, inputs: Schema.fromJsonString(Schema.Json) }))
  )

  /** The requester of a fleet run is also the requester of its hosts' runs, and may not approve their scripts. */
  const inheritAskers = Effect.fnUntraced(function* (id: string, hosts: ReadonlyArray<PlannedHost>) {
    const parts = hosts.map(({ name }) => idOf(id, name))
    if (parts.length === 0) return
    const now = yield* Clock.currentTimeMillis
    yield* stored(sql`
      INSERT INTO run_requests (run_id, attempt, action, approved, asked_by, asked_at, comment, applied_at)
      SELECT part.id, part.attempt, 'submit', NULL, asked.asked_by, ${now}, NULL, ${now}
      FROM runs AS part
        JOIN runs AS fleet ON fleet.id = part.parent_id
        JOIN run_requests AS asked
          ON asked.run_id = fleet.id AND asked.attempt = fleet.attempt AND asked.action = 'submit'
      WHERE ${sql.in("part.id", parts)}
      ON CONFLICT (run_id, attempt, action) DO NOTHING`)
  })

  const eachPart = Effect.fn("FleetRecord.eachPart")(function* (id: string, use: (part: Part) => void) {
    let after = 0
    while (true) {
      const some = yield* readPlaced(sql`
        SELECT CAST(position AS DOUBLE PRECISION) AS position, ${columns} FROM runs
        WHERE parent_id = ${id} AND position > ${after} ORDER BY runs.position LIMIT ${page}`)
      some.forEach(use)
      const end = some.at(-1)
      if (end === undefined || some.length < page) return
      after = end.position
    }
  })

  return FleetRecord.of({
    create: Effect.fn("FleetRecord.create")((id, wanted, { handedOver = false, idempotencyKey } = {}) =>
      transaction(
        Effect.gen(function* () {
          const digest = digestOf(wanted)
          const inputs = {
            name: wanted.name,
            file: wanted.file,
            digest,
            hosts: wanted.hosts.length,
            ...(handedOver ? { handedOver } : undefined)
          }
          const target = targetOf(wanted.name)
          if (!(yield* runs.create({ id, kind, target, inputs, idempotencyKey, queued: handedOver }))) return false
          const json = JSON.stringify(toStored(wanted))
          yield* stored(sql`
            INSERT INTO fleet_plans (run_id, concurrency, plan) VALUES (${id}, ${wanted.concurrency}, ${json})
            ON CONFLICT (run_id) DO NOTHING`)
          return true
        })
      )
    ),
    refresh: Effect.fn("FleetRecord.refresh")((id, wanted) =>
      transaction(
        Effect.gen(function* () {
          const { plan } = yield* recorded(id)
          const labels = new Map(wanted.hosts.map((host) => [host.name, host.labels]))
          const json = JSON.stringify({
            ...plan,
            ...beside(wanted),
            hosts: plan.hosts.map((host) => ({ ...host, labels: labels.get(host.name) ?? host.labels }))
          })
          yield* stored(
            sql`UPDATE fleet_plans SET concurrency = ${wanted.concurrency}, plan = ${json} WHERE run_id = ${id}`
          )
        })
      )
    ),
    plan,
    busy: (id) =>
      count(
        sql.and([sql`parent_id = ${id}`, sql`ended_at IS NULL`, sql`status IN ('queued', 'running', 'interrupted')`])
      ),
    open: (id) => count(sql.and([sql`parent_id = ${id}`, sql`ended_at IS NULL`])),
    enqueue: Effect.fn("FleetRecord.enqueue")((id, hosts, attempt) =>
      transaction(
        Effect.forEach(
          hosts,
          Effect.fnUntraced(function* ({ inputs, name, target }) {
            const part = idOf(id, name)
            const created = yield* runs.create({
              id: part,
              kind: kindOf(inputs),
              target,
              inputs,
              parentId: id,
              queued: true
            })
            // A process that was unresponsive for a while, and runs next to the one that has taken over, does not retry
            // anything.
            if (!created && attempt > 1) yield* runs.retry(part, { queued: true })
          }),
          { discard: true }
        ).pipe(Effect.andThen(inheritAskers(id, hosts)))
      )
    ),
    eachPart,
    parts,
    waiting: Effect.map(
      readWaiting(sql`
        SELECT id, target, inputs FROM runs
        WHERE ${sql.in("kind", kinds)} AND status = 'waiting' AND ended_at IS NULL ORDER BY position`),
      (found) => new Map(found.map(({ id, inputs, target }) => [target, { id, inputs }]))
    ),
    decided: Effect.fn("FleetRecord.decided")(function* (ids) {
      const found: Array<string> = []
      for (let from = 0; from < ids.length; from += page) {
        const some = yield* stored(sql<{ id: string }>`
          SELECT id FROM runs WHERE ${sql.in("id", ids.slice(from, from + page))} AND ended_at IS NULL AND (
            status <> 'waiting' OR EXISTS (SELECT 1 FROM run_requests WHERE run_requests.run_id = runs.id
              AND run_requests.attempt = runs.attempt AND run_requests.action = 'decide'))`)
        found.push(...some.map(({ id }) => id))
      }
      return found
    }),
    counts: Effect.fn("FleetRecord.counts")(function* (id) {
      const { hosts } = yield* plan(id)
      const counts = { succeeded: 0, failed: 0, cancelled: 0, waiting: 0, new: 0, unchanged: 0, changed: 0 }
      const add = ({ review, status }: Part) => {
        if (status === "succeeded" || status === "failed" || status === "cancelled" || status === "waiting")
          counts[status]++
        if (review !== null) counts[review.change]++
      }
      yield* eachPart(id, add)
      ;(yield* parts(hosts.flatMap(({ waiting }) => waiting ?? []))).forEach(add)
      return { hosts: hosts.length, ...counts }
    })
  })
}

/** Policies are large and the same for many hosts, so each is stored once. */
const StoredPlan = Schema.Struct({
  schedule: Schema.NullOr(PlannedSchedule),
  maxAgeMillis: Schema.NullOr(Schema.Finite),
  policies: Schema.Array(SetupInputs.fields.policy.schema),
  hosts: Schema.Array(Schema.Struct({ ...PlannedHost.fields, policy: Schema.optionalKey(Schema.Int) }))
})

/** Fields that do not distinguish one fleet run from another. */
const beside = ({ maxAge, schedule }: Plan): Pick<typeof StoredPlan.Type, "schedule" | "maxAgeMillis"> => ({
  schedule: schedule ?? null,
  maxAgeMillis: maxAge === undefined ? null : Duration.toMillis(maxAge)
})

const toStored = (plan: Plan): typeof StoredPlan.Type => {
  const policies = new Map<string, { readonly index: number; readonly policy: PlannedHost["inputs"]["policy"] }>()
  const stored = plan.hosts.map(({ inputs, ...host }) => {
    const { policy } = inputs
    if (policy === undefined) return { ...host, inputs }
    const key = JSON.stringify(policy)
    const known = policies.get(key) ?? { index: policies.size, policy }
    policies.set(key, known)
    // An empty value keeps its place among the inputs, which are always written in the same order.
    return { ...host, inputs: { ...inputs, policy: {} }, policy: known.index }
  })
  return { ...beside(plan), policies: [...policies.values()].flatMap(({ policy }) => policy ?? []), hosts: stored }
}
