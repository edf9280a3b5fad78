/** Finds the requested fleet run in the record, or records a new one. Needs no engine. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import type { Run } from "@privx-kit/runs/Run"
import { Runs } from "@privx-kit/runs/Runs"
import { type Created, FleetRecord } from "./FleetRecord.ts"
import { digestOf, FleetInputs, kind, type Plan, targetOf } from "./FleetRun.ts"

export interface Chosen {
  readonly run: Pick<Run, "id" | "attempt" | "target" | "kind">
  /** Whether the run already existed. */
  readonly continued: boolean
  /** Unfinished runs of the same fleet with other hosts or inputs. They are not changed. */
  readonly others: ReadonlyArray<string>
}

/** The unfinished run with the same hosts and inputs, and the unfinished runs with others. */
export const unfinished = Effect.fnUntraced(function* (plan: Plan) {
  const runs = yield* Runs
  const digest = digestOf(plan)
  const open = yield* runs.list({ kind, target: targetOf(plan.name), unfinished: true })
  const same = open.find(({ inputs }) => Schema.is(FleetInputs)(inputs) && inputs.digest === digest)
  return { same, others: open.filter((run) => run !== same).map(({ id }) => id) }
})

/**
 * Resumes the run with that idempotency key, or an unfinished run with the same hosts and inputs. Otherwise records a new
 * one. Hosts with a setup of the same inputs that waits for approval are not set up again.
 */
export const choose = Effect.fn("FleetStart.choose")(function* (
  plan: Plan,
  how: Created = {}
): Effect.fn.Return<Chosen, StorageFailed, Runs | FleetRecord> {
  const runs = yield* Runs
  const record = yield* FleetRecord
  const { idempotencyKey } = how
  const target = targetOf(plan.name)
  while (true) {
    const [known] = idempotencyKey === undefined ? [] : yield* runs.list({ kind, target, idempotencyKey, limit: 1 })
    if (known !== undefined) return { run: known, continued: true, others: [] }
    const { others, same } = yield* unfinished(plan)
    if (same !== undefined) {
      yield* record.refresh(same.id, plan)
      return { run: same, continued: true, others }
    }
    const waiting = yield* record.waiting
    const hosts = plan.hosts.map((host) => {
      const other = waiting.get(host.target)
      const waits = other !== undefined && JSON.stringify(other.inputs) === JSON.stringify(host.inputs)
      return waits ? { ...host, waiting: other.id } : host
    })
    const id = randomUUID()
    // If it was not created, another process has just recorded one with that key.
    if (yield* record.create(id, { ...plan, hosts }, how)) {
      return { run: { id, attempt: 1, target, kind }, continued: false, others }
    }
  }
})
