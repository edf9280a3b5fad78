/**
 * How the hosts of a fleet stand, from the record alone: nothing is sent. A host has drifted when what is known of it is not
 * what it should be.
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import { referenceOf } from "@privx-kit/runs/Approvals"
import { Reference, RunStatus } from "@privx-kit/runs/Run"
import * as RunRows from "@privx-kit/runs/RunRows"
import type { Fleet, FleetHost } from "./FleetFile.ts"
import { kindOfHosts } from "./FleetJob.ts"

/**
 * - `ok`: the last run succeeded, and its script is the reference: the baseline, or the approved one.
 * - `changed`: the script of the last good run is not the reference.
 * - `waiting`: the last run waits for a person to approve or reject its script.
 * - `failing`: the last run failed or was cancelled.
 * - `stale`: the last good run is older than the file allows.
 * - `unfinished`: a run is being executed, or can be resumed.
 * - `never`: no run exists.
 */
export const State = Schema.Literals(["ok", "changed", "waiting", "failing", "stale", "unfinished", "never"])

export type State = typeof State.Type

export const HostStatus = Schema.Struct({
  name: Schema.String,
  target: Schema.String,
  state: State,
  run: Schema.NullOr(
    Schema.Struct({
      id: RunId,
      status: RunStatus,
      /** ISO 8601. */
      createdAt: Schema.String,
      /** The class of its failure. */
      failure: Schema.NullOr(Schema.String),
      /** Whether its inputs are those that the file has now. */
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
  /** What the scripts of the host are compared with: its baseline, or the approved script. */
  reference: Schema.NullOr(Reference)
})

export type HostStatus = typeof HostStatus.Type

/** The states that need attention. */
export const hasDrifted = ({ state }: HostStatus): boolean => state !== "ok" && state !== "unfinished"

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

/** One question for all hosts, whatever their number. */
export const of = Effect.fn("FleetStatus.of")(function* (
  fleet: Pick<Fleet, "hosts" | "maxAge">
): Effect.fn.Return<ReadonlyArray<HostStatus>, StorageFailed, SqlClient.SqlClient | Database> {
  const sql = yield* SqlClient.SqlClient
  const { rows } = RunRows.make(sql, yield* Database)
  const now = yield* Clock.currentTimeMillis
  const readLast = rows(Last)
  /** The beginning of a failure says its class, and a report in it can be large. */
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
  return fleet.hosts.map((host): HostStatus => {
    const run = runs.get(host.target)
    const success = good.get(host.target)
    const approval = approvals.get(host.target)
    const reference = approval === undefined ? null : referenceOf(approval)
    return {
      name: host.name,
      target: host.target,
      state: stateOf(run, success, reference, oldest),
      run: run === undefined ? null : describe(run, host),
      good:
        success === undefined
          ? null
          : { runId: success.id, sha256: success.sha256, endedAt: iso(success.endedAt ?? success.createdAt) },
      reference
    }
  })
})

type Row = (typeof Last.Type)[number]

const byTarget = <A extends { readonly target: string }>(rows: ReadonlyArray<A>): ReadonlyMap<string, A> =>
  new Map(rows.map((row) => [row.target, row]))

const iso = (millis: number): string => new Date(millis).toISOString()

const describe = (row: Row, host: FleetHost): HostStatus["run"] => ({
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
  // A bootstrap of a host whose UEBA was running needed no script.
  if (good !== undefined && good.sha256 !== null && good.sha256 !== reference?.sha256) return "changed"
  if (good === undefined) return "unfinished"
  if ((good.endedAt ?? 0) < oldest) return "stale"
  return run.status === "succeeded" ? "ok" : "unfinished"
}
