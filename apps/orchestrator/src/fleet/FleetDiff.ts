/**
 * The differences between two rounds of a fleet, for people: hosts that only one round has, and the settings of the
 * others, field by field.
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { Time } from "@privx-kit/runs/Run"
import { Runs } from "@privx-kit/runs/Runs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { FleetRecord, type RecordedPlan } from "./FleetRecord.ts"
import { kind, targetOf } from "./FleetRun.ts"

export const FieldChange = Schema.Struct({
  /** `inputs.policy.maxBytes`, `labels.site`, `schedule.cron`. */
  field: Schema.String,
  /** `null` if it was not set. Long values are replaced by their digest. */
  before: Schema.NullOr(Schema.String),
  /** `null` if it is no longer set. */
  after: Schema.NullOr(Schema.String)
})

export type FieldChange = typeof FieldChange.Type

export const HostChange = Schema.Struct({
  name: Schema.String,
  /** `added`, `removed`: only the later or only the earlier round has the host. */
  change: Schema.Literals(["added", "removed", "changed"]),
  fields: Schema.Array(FieldChange)
})

export type HostChange = typeof HostChange.Type

export const FleetDiff = Schema.Struct({
  /** The earlier round; `null` if there is none. */
  since: Schema.NullOr(Schema.Struct({ runId: RunId, createdAt: Time })),
  /** Changes of the fleet as a whole. */
  fields: Schema.Array(FieldChange),
  /** Only hosts with differences. */
  hosts: Schema.Array(HostChange),
  /** The number of unchanged hosts. */
  unchanged: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
})

export type FleetDiff = typeof FleetDiff.Type

/**
 * Compares a plan with the last recorded round of the fleet before it.
 *
 * @param position of the fleet run of the plan; default: the plan is not recorded, and every round precedes it
 */
export const against = Effect.fn("FleetDiff.against")(function* (
  fleet: string,
  plan: RecordedPlan,
  position?: number
): Effect.fn.Return<FleetDiff, StorageFailed, Runs | FleetRecord> {
  const runs = yield* Runs
  const record = yield* FleetRecord
  const [last] = yield* runs.list({ kind, target: targetOf(fleet), after: position, limit: 1, results: false })
  if (last === undefined) return { since: null, fields: [], hosts: [], unchanged: 0 }
  return {
    since: { runId: last.id, createdAt: last.createdAt },
    ...between(yield* record.plan(last.id), plan)
  }
})

/** The differences. Hosts are in the order of the later plan, followed by those that only the earlier plan has. */
export const between = (before: RecordedPlan, after: RecordedPlan): Omit<FleetDiff, "since"> => {
  const earlier = new Map(before.hosts.map((host) => [host.name, host]))
  const hosts: Array<HostChange> = []
  for (const host of after.hosts) {
    const known = earlier.get(host.name)
    earlier.delete(host.name)
    if (known === undefined) {
      hosts.push({ name: host.name, change: "added", fields: [] })
      continue
    }
    const fields = changes(settingsOf(known), settingsOf(host))
    if (fields.length > 0) hosts.push({ name: host.name, change: "changed", fields })
  }
  for (const name of earlier.keys()) hosts.push({ name, change: "removed", fields: [] })
  const different = hosts.filter(({ change }) => change !== "removed").length
  return {
    fields: changes(wholeOf(before), wholeOf(after)),
    hosts,
    unchanged: after.hosts.length - different
  }
}

type Host = RecordedPlan["hosts"][number]

const settingsOf = ({ inputs, labels, target }: Host): unknown => ({ target, labels, inputs })

const wholeOf = ({ concurrency, maxAge, schedule }: RecordedPlan): unknown => ({
  concurrency,
  ...(maxAge === undefined ? undefined : { maxAge: Duration.format(maxAge) }),
  ...(schedule === undefined ? undefined : { schedule })
})

const changes = (before: unknown, after: unknown): ReadonlyArray<FieldChange> => {
  // Most hosts are unchanged, and comparing their text is faster than comparing their fields.
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [was, is] = [fieldsOf(before), fieldsOf(after)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((field) => {
    const [old, now] = [was.get(field), is.get(field)]
    return old === now ? [] : [{ field, before: old ?? null, after: now ?? null }]
  })
}

/** Each value by its path. Lists count as values, because positions in a list mean little. */
const fieldsOf = (value: unknown, path = "", found = new Map<string, string>()): ReadonlyMap<string, string> => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [name, below] of Object.entries(value)) fieldsOf(below, path === "" ? name : `${path}.${name}`, found)
  } else if (value !== undefined) {
    found.set(path, shortened(typeof value === "string" ? value : JSON.stringify(value)))
  }
  return found
}

/** In characters. Certificates and keys are too long for people to compare. */
const longest = 200

const shortened = (text: string): string =>
  text.length <= longest
    ? text
    : `SHA-256 ${createHash("sha256").update(text).digest("hex").slice(0, 12)} (${text.length} characters)`
