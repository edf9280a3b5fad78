/** What applying a fleet would do, host by host, from the record only. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Database } from "@privx-kit/durable/Database"
import type { RunStatus } from "@privx-kit/runs/Run"
import type { Runs } from "@privx-kit/runs/Runs"
import * as FleetStart from "./FleetStart.ts"
import * as FleetDiff from "./FleetDiff.ts"
import { FleetRecord } from "./FleetRecord.ts"
import { idOf, type Plan, planOf } from "./FleetRun.ts"
import * as FleetStatus from "./FleetStatus.ts"

/**
 * - `first`: the host has never been set up.
 * - `again`, `changed`: its last run had the same inputs, or different ones.
 * - `wait`: a run with the same inputs waits for approval, and nothing happens before the decision.
 * - `continue`: the unfinished fleet run has started the host, and resumes it.
 * - `done`: the unfinished fleet run has already completed the host.
 */
export const Action = Schema.Literals(["first", "again", "changed", "wait", "continue", "done"])

export type Action = typeof Action.Type

const { drifted: _, reason: __, state: ___, ...known } = FleetStatus.HostStatus.fields

export const FleetPreview = Schema.Struct({
  fleet: Schema.String,
  /** The unfinished fleet run that would be resumed. */
  continues: Schema.NullOr(Schema.String),
  hosts: Schema.Array(Schema.Struct({ ...known, action: Action })),
  /** The differences from the last round. */
  diff: FleetDiff.FleetDiff
})

export type FleetPreview = typeof FleetPreview.Type

/** What applying a fleet would do. */
export const of = Effect.fn("FleetPreview.of")(function* (
  fleet: Parameters<typeof planOf>[0]
): Effect.fn.Return<FleetPreview, StorageFailed, Runs | FleetRecord | SqlClient.SqlClient | Database> {
  const plan = planOf(fleet)
  return { ...(yield* hostsOf(plan)), diff: yield* FleetDiff.against(plan.name, plan) }
})

/** What applying a recorded plan again would do, and how it differs from the previous round. */
export const ofRecorded = Effect.fn("FleetPreview.ofRecorded")(function* (
  plan: Plan,
  position: number
): Effect.fn.Return<FleetPreview, StorageFailed, Runs | FleetRecord | SqlClient.SqlClient | Database> {
  return { ...(yield* hostsOf(plan)), diff: yield* FleetDiff.against(plan.name, plan, position) }
})

const hostsOf = Effect.fnUntraced(function* (plan: Plan) {
  const record = yield* FleetRecord
  const { same } = yield* FleetStart.unfinished(plan)
  const parts = new Map<string, RunStatus>()
  if (same !== undefined) yield* record.eachPart(same.id, ({ id, status }) => parts.set(id, status))
  const hosts = (yield* FleetStatus.of(plan)).map(({ drifted: _, reason: __, state, ...host }) => {
    const part = same === undefined ? undefined : parts.get(idOf(same.id, host.name))
    return { ...host, action: part === undefined ? actionOf(state, host.run) : goingOn(part) }
  })
  return { fleet: plan.name, continues: same?.id ?? null, hosts }
})

const actionOf = (state: FleetStatus.State, run: FleetStatus.HostStatus["run"]): Action =>
  run === null ? "first" : !run.sameInputs ? "changed" : state === "waiting" ? "wait" : "again"

const goingOn = (status: RunStatus): Action =>
  status === "waiting"
    ? "wait"
    : status === "succeeded" || status === "failed" || status === "cancelled"
      ? "done"
      : "continue"
