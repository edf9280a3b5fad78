/**
 * How the hosts of a fleet stand, from the record alone: nothing is sent. A host has drifted when what is known of it is not
 * what it should be.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import { RunStatus } from "../runs/Run.ts"
import * as RunRows from "../runs/RunRows.ts"
import { kind as setupKind } from "../SetupWorkflow.ts"
import type { Fleet, FleetHost } from "./FleetFile.ts"

/**
 * - `ok`: the last run succeeded, and its script is the approved one.
 * - `changed`: the script of the last good run is not the approved one.
 * - `waiting`: the last run waits for somebody to approve or reject its script.
 * - `failing`: the last run failed or was cancelled.
 * - `stale`: the last good run is older than the file allows.
 * - `unfinished`: a run is under way, or waits to be continued.
 * - `never`: there is no run.
 */
export const State = Schema.Literals(["ok", "changed", "waiting", "failing", "stale", "unfinished", "never"])

export type State = typeof State.Type

export const HostStatus = Schema.Struct({
  name: Schema.String,
  target: Schema.String,
  state: State,
  run: Schema.NullOr(
    Schema.Struct({
      id: Schema.String,
      status: RunStatus,
      /** ISO 8601. */
      createdAt: Schema.String,
      /** The class of what it failed with. */
      failure: Schema.NullOr(Schema.String),
      /** Whether it was begun with the inputs that the file gives now. */
      sameInputs: Schema.Boolean
    })
  ),
  good: Schema.NullOr(
    Schema.Struct({
      runId: Schema.String,
      sha256: Schema.NullOr(Schema.String),
      /** ISO 8601. */
      endedAt: Schema.String
    })
  ),
  /** SHA-256 of the approved script. */
  approved: Schema.NullOr(Schema.String)
})

export type HostStatus = typeof HostStatus.Type

/** What somebody should look at. */
export const hasDrifted = ({ state }: HostStatus): boolean => state !== "ok" && state !== "unfinished"

const Last = Schema.Array(
  Schema.Struct({
    id: Schema.String,
    target: Schema.String,
    status: RunStatus,
    createdAt: Schema.Int,
    endedAt: Schema.NullOr(Schema.Int),
    sha256: Schema.NullOr(Schema.String),
    inputs: Schema.String,
    failure: Schema.NullOr(Schema.String)
  })
)

const Approved = Schema.Array(Schema.Struct({ target: Schema.String, sha256: Schema.String }))

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
        FROM (SELECT runs.*, ROW_NUMBER() OVER (PARTITION BY target ORDER BY created_at DESC, id) AS place
          FROM runs WHERE ${where}) AS latest WHERE place = 1`),
      byTarget
    )
  const runs = yield* last(sql.and([sql`kind = ${setupKind}`]))
  const good = yield* last(sql.and([sql`kind = ${setupKind}`, sql`status = 'succeeded'`]))
  const approved = byTarget(
    yield* rows(Approved)(sql`
      SELECT target, sha256 FROM (SELECT approvals.*, ROW_NUMBER() OVER (PARTITION BY target ORDER BY approved_at DESC)
        AS place FROM approvals) AS latest WHERE place = 1`)
  )
  const oldest = fleet.maxAge === undefined ? 0 : now - Duration.toMillis(fleet.maxAge)
  return fleet.hosts.map((host): HostStatus => {
    const run = runs.get(host.target)
    const success = good.get(host.target)
    const digest = approved.get(host.target)?.sha256 ?? null
    return {
      name: host.name,
      target: host.target,
      state: stateOf(run, success, digest, oldest),
      run: run === undefined ? null : describe(run, host),
      good:
        success === undefined
          ? null
          : { runId: success.id, sha256: success.sha256, endedAt: iso(success.endedAt ?? success.createdAt) },
      approved: digest
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

const stateOf = (run: Row | undefined, good: Row | undefined, approved: string | null, oldest: number): State => {
  if (run === undefined) return "never"
  if (run.status === "waiting") return "waiting"
  if (run.status === "failed" || run.status === "cancelled") return "failing"
  if (good !== undefined && good.sha256 !== approved) return "changed"
  if (good === undefined) return "unfinished"
  if ((good.endedAt ?? 0) < oldest) return "stale"
  return run.status === "succeeded" ? "ok" : "unfinished"
}
