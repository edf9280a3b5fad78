/**
 * The status of the hosts of a fleet, from the record only: nothing is sent. A host has drifted if its recorded state
 * differs from the expected one.
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import { referenceOf } from "@privx-kit/runs/Approvals"
import { Reference, RunStatus, Time } from "@privx-kit/runs/Run"
import * as RunRows from "@privx-kit/runs/RunRows"
import type { Fleet, FleetHost } from "./FleetFile.ts"
import { kindOfHosts } from "./FleetJob.ts"
import { explained } from "./FleetReport.ts"
import { type Plan, PlannedSchedule } from "./FleetRun.ts"
import * as ScheduleTimes from "./ScheduleTimes.ts"

/**
 * - `ok`: the last run succeeded, and its script is the reference script: the baseline or the approved script.
 * - `changed`: the script of the last successful run is not the reference script.
 * - `waiting`: the last run waits for a person to approve or reject its script.
 * - `failing`: the last run failed or was cancelled.
 * - `stale`: the last successful run is older than the file allows.
 * - `unfinished`: a run is being executed, or can be resumed.
 * - `never`: no run exists.
 */
export const State = Schema.Literals(["ok", "changed", "waiting", "failing", "stale", "unfinished", "never"])

export type State = typeof State.Type

/** The states that need attention. */
const drifting: ReadonlySet<State> = new Set(["changed", "waiting", "failing", "stale", "never"])

export const HostStatus = Schema.Struct({
  name: Schema.String,
  target: Schema.String,
  /** The labels for the selection of hosts. */
  labels: Schema.Record(Schema.String, Schema.String),
  state: State,
  /** Whether the host needs attention because its recorded state differs from the expected one. */
  drifted: Schema.Boolean,
  /** Why it has drifted, and the advice; `null` if it has not. */
  reason: Schema.NullOr(Schema.Struct({ message: Schema.String, hint: Schema.String })),
  run: Schema.NullOr(
    Schema.Struct({
      id: RunId,
      status: RunStatus,
      /** ISO 8601. */
      createdAt: Schema.String,
      /** The class of its failure. */
      failure: Schema.NullOr(Schema.String),
      /** Whether its inputs are the current ones of the file. */
      sameInputs: Schema.Boolean
    })
  ),
  good: Schema.NullOr(
    Schema.Struct({
      runId: RunId,
      sha256: Schema.NullOr(Schema.String),
      /** ISO 8601. */
      endedAt: Schema.String
    })
  ),
  /** The reference script of the host: its baseline, or the approved script. */
  reference: Schema.NullOr(Reference)
})

export type HostStatus = typeof HostStatus.Type

/** The state of a fleet. */
export const Standing = Schema.Struct({
  fleet: Schema.String,
  /** The schedule of `fleet watch`; `null` if the file has none. */
  schedule: Schema.NullOr(PlannedSchedule),
  /** The next time of the schedule; `null` without a schedule or with an unknown time zone. */
  nextRound: Schema.NullOr(Time),
  hosts: Schema.Array(HostStatus)
})

export type Standing = typeof Standing.Type

const Last = Schema.Array(
  Schema.Struct({
    id: RunId,
    target: Schema.String,
    status: RunStatus,
    createdAt: Schema.Int,
    endedAt: Schema.NullOr(Schema.Int),
    sha256: Schema.NullOr(Schema.String),
    inputs: Schema.String,
    failure: Schema.NullOr(Schema.String)
  })
)

const Latest = Schema.Array(
  Schema.Struct({ target: Schema.String, sha256: Schema.String, by: Schema.NullOr(Schema.String) })
)

export const standing = Effect.fn("FleetStatus.standing")(function* (
  plan: Pick<Plan, "name" | "schedule" | "maxAge" | "hosts">
): Effect.fn.Return<Standing, StorageFailed, SqlClient.SqlClient | Database> {
  const { name, schedule } = plan
  const hosts = yield* of(plan)
  const nextRound = schedule === undefined ? null : next(schedule, yield* Clock.currentTimeMillis)
  return { fleet: name, schedule: schedule ?? null, nextRound, hosts }
})

const next = ({ cron, timeZone }: PlannedSchedule, now: number): Standing["nextRound"] => {
  const times = timeZone === null ? undefined : Result.getOrUndefined(ScheduleTimes.parse(cron, timeZone))
  const time = times === undefined ? undefined : ScheduleTimes.next(times, now)
  return time === undefined ? null : DateTime.makeUnsafe(time)
}

/** The parts of a host that determine its status. */
type StatedHost = Pick<FleetHost, "name" | "target" | "labels" | "inputs">

/** Uses a few queries for any number of hosts. Reads failures only for failed hosts. */
export const of = Effect.fn("FleetStatus.of")(function* (
  fleet: Pick<Fleet, "maxAge"> & { readonly hosts: ReadonlyArray<StatedHost> }
): Effect.fn.Return<ReadonlyArray<HostStatus>, StorageFailed, SqlClient.SqlClient | Database> {
  const sql = yield* SqlClient.SqlClient
  const { rows } = RunRows.make(sql, yield* Database)
  const now = yield* Clock.currentTimeMillis
  const readLast = rows(Last)
  /** The beginning of a failure contains its class, and a report in it can be large. */
  const last = (where: ReturnType<typeof sql.and>) =>
    Effect.map(
      readLast(sql`
        SELECT id, target, status, created_at AS "createdAt", ended_at AS "endedAt", sha256, inputs,
          SUBSTR(failure, 1, 200) AS failure
        FROM (SELECT runs.*, ROW_NUMBER() OVER (PARTITION BY target ORDER BY position DESC) AS place
          FROM runs WHERE ${where}) AS latest WHERE place = 1`),
      byTarget
    )
  const kind = kindOfHosts(fleet.hosts)
  const runs = yield* last(sql.and([sql`kind = ${kind}`]))
  const good = yield* last(sql.and([sql`kind = ${kind}`, sql`status = 'succeeded'`]))
  const approvals = byTarget(
    yield* rows(Latest)(sql`
      SELECT target, sha256, approved_by AS by FROM (SELECT approvals.*, ROW_NUMBER() OVER (PARTITION BY target ORDER BY position DESC)
        AS place FROM approvals) AS latest WHERE place = 1`)
  )
  const oldest = fleet.maxAge === undefined ? 0 : now - Duration.toMillis(fleet.maxAge)
  const hosts = fleet.hosts.map((host) => {
    const run = runs.get(host.target)
    const success = good.get(host.target)
    const approval = approvals.get(host.target)
    const reference = approval === undefined ? null : referenceOf(approval)
    return { host, run, success, reference, state: stateOf(run, success, reference, oldest) }
  })
  const readFailures = rows(Failures)
  const failures = new Map<string, Reason>()
  const failing = hosts.flatMap(({ run, state }) => (state === "failing" && run !== undefined ? [run.id] : []))
  for (let from = 0; from < failing.length; from += page) {
    const some = yield* readFailures(sql`
      SELECT id, failure FROM runs WHERE ${sql.in("id", failing.slice(from, from + page))} AND failure IS NOT NULL`)
    for (const { failure, id } of some) failures.set(id, explained(failure))
  }
  return hosts.map(({ host, reference, run, state, success }): HostStatus => {
    return {
      name: host.name,
      target: host.target,
      labels: host.labels,
      state,
      drifted: drifting.has(state),
      reason: reasonOf(
        state,
        { run, success, reference, maxAge: fleet.maxAge },
        run === undefined ? undefined : failures.get(run.id)
      ),
      run: run === undefined ? null : describe(run, host),
      good:
        success === undefined
          ? null
          : { runId: success.id, sha256: success.sha256, endedAt: iso(success.endedAt ?? success.createdAt) },
      reference
    }
  })
})

/** Number of failures per query, because a verification report in a failure can be large. */
const page = 100

const Failures = Schema.Array(Schema.Struct({ id: RunId, failure: Schema.fromJsonString(Schema.Json) }))

type Row = (typeof Last.Type)[number]

type Reason = NonNullable<HostStatus["reason"]>

const reasonOf = (
  state: State,
  known: {
    readonly run: Row | undefined
    readonly success: Row | undefined
    readonly reference: Reference | null
    readonly maxAge: Duration.Duration | undefined
  },
  failure: Reason | undefined
): Reason | null => {
  const id = (known.run?.id ?? "").slice(0, 8)
  switch (state) {
    case "changed": {
      const { reference, success } = known
      const expected =
        reference === null
          ? "no script has been approved"
          : `the ${reference.basis === "baseline" ? "baseline" : "approved script"} is ${reference.sha256.slice(0, 12)}`
      return {
        message: `The last delivered script is ${success?.sha256?.slice(0, 12) ?? ""}; ${expected}.`,
        hint: `Compare them with privx-kit artifacts diff ${success?.id.slice(0, 8) ?? ""}, and approve the script if it is right.`
      }
    }
    case "waiting":
      return { message: `The script of run ${id} waits for approval.`, hint: `Review it: privx-kit runs approve ${id}` }
    case "failing":
      return failure === undefined
        ? { message: `Run ${id} was cancelled.`, hint: "Retry it, or apply the fleet again." }
        : { message: failure.message, hint: failure.hint }
    case "stale":
      return {
        message: `The last successful run is older than ${known.maxAge === undefined ? "allowed" : Duration.format(known.maxAge)}.`,
        hint: "Apply the fleet again."
      }
    case "never":
      return { message: "No run of this host is on record.", hint: "Apply the fleet." }
    case "ok":
    case "unfinished":
      return null
  }
}

const byTarget = <A extends { readonly target: string }>(rows: ReadonlyArray<A>): ReadonlyMap<string, A> =>
  new Map(rows.map((row) => [row.target, row]))

const iso = (millis: number): string => new Date(millis).toISOString()

const describe = (row: Row, host: StatedHost): HostStatus["run"] => ({
  id: row.id,
  status: row.status,
  createdAt: iso(row.createdAt),
  failure: /"_tag":"(\w+)"/.exec(row.failure ?? "")?.[1] ?? null,
  sameInputs: row.inputs === JSON.stringify(host.inputs)
})

const stateOf = (run: Row | undefined, good: Row | undefined, reference: Reference | null, oldest: number): State => {
  if (run === undefined) return "never"
  if (run.status === "waiting") return "waiting"
  if (run.status === "failed" || run.status === "cancelled") return "failing"
  // A bootstrap of a host where UEBA was running needed no script.
  if (good !== undefined && good.sha256 !== null && good.sha256 !== reference?.sha256) return "changed"
  if (good === undefined) return "unfinished"
  if ((good.endedAt ?? 0) < oldest) return "stale"
  return run.status === "succeeded" ? "ok" : "unfinished"
}
