/** A fleet run: a run of kind `fleet` whose parts are the setups or bootstraps of its hosts. */
import * as Failure from "@privx-kit/core/Failure"
import type * as Duration from "effect/Duration"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { RunCancelled, InternalError } from "@privx-kit/runs/RunFailures"
import type { Fleet, Schedule } from "./FleetFile.ts"
import { HostInputs } from "./FleetJob.ts"

/** The `kind` of these runs. */
export const kind = "fleet"

/** The target of a fleet run; other runs have the base URL of a PrivX host. */
export const targetOf = (name: string): string => `fleet:${name}`

export const FleetInputs = Schema.Struct({
  name: Schema.String,
  /** Absolute path of the fleet file that started it. */
  file: Schema.String,
  /** The digest of the hosts and their inputs, which identifies the fleet run. */
  digest: Schema.String,
  /** The number of hosts. */
  hosts: Schema.Int,
  /** Whether it was submitted to a server. */
  handedOver: Schema.optionalKey(Schema.Boolean)
})

export type FleetInputs = typeof FleetInputs.Type

export const PlannedHost = Schema.Struct({
  name: Schema.String,
  target: Schema.String,
  /** The labels for the selection of hosts. */
  labels: Schema.Record(Schema.String, Schema.String),
  inputs: HostInputs,
  /** A run of an earlier round that waits for approval: no new run starts before the decision. */
  waiting: Schema.optionalKey(Schema.String)
})

export type PlannedHost = typeof PlannedHost.Type

/** The schedule of a fleet, as in its file. */
export const PlannedSchedule = Schema.Struct({
  /** Minute, hour, day, month and weekday; with six fields, the second comes first. */
  cron: Schema.String,
  /** `null` means the time zone of the machine that applies the fleet, which is unknown here. */
  timeZone: Schema.NullOr(Schema.String),
  /** Whether a missed round is made up for. */
  makeUp: Schema.Boolean
})

export type PlannedSchedule = typeof PlannedSchedule.Type

/** The task of a fleet run. */
export interface Plan {
  readonly name: string
  readonly file: string
  readonly concurrency: number
  readonly schedule: PlannedSchedule | undefined
  /** The maximum age of the last successful run of a host. */
  readonly maxAge: Duration.Duration | undefined
  readonly hosts: ReadonlyArray<PlannedHost>
  /** The result of `digestOf`, if already known. */
  readonly digest?: string | undefined
}

export const planOf = ({
  concurrency,
  digest,
  file,
  hosts,
  maxAge,
  name,
  schedule
}: Pick<Fleet, "name" | "file" | "concurrency" | "hosts" | "maxAge"> &
  Pick<Plan, "digest"> & { readonly schedule: Omit<Schedule, "cron"> | undefined }): Plan => ({
  name,
  file,
  concurrency,
  schedule:
    schedule === undefined ? undefined : { cron: schedule.text, timeZone: schedule.timeZone, makeUp: schedule.makeUp },
  maxAge,
  digest,
  hosts: hosts.map(({ inputs, labels, name, target }) => ({ name, target, labels, inputs }))
})

/** Equal for the same hosts with the same inputs, in any order and with any labels. */
export const digestOf = ({ digest, hosts }: Pick<Plan, "hosts" | "digest">): string => {
  if (digest !== undefined) return digest
  const hash = createHash("sha256")
  const byName = hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { inputs, name, target } of byName) hash.update(`${JSON.stringify([name, target, inputs])}\n`)
  return hash.digest("hex")
}

/** The same for the same host of a fleet run, so that recording it twice records it once. Has the form of a UUID. */
export const idOf = (fleetRunId: string, host: string): string => {
  const bytes = createHash("sha256").update(`${fleetRunId}/${host}`).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Hosts by outcome. */
export const Counts = Schema.Struct({
  hosts: Count,
  succeeded: Count,
  failed: Count,
  cancelled: Count,
  /** Waiting for approval. */
  waiting: Count,
  /** Hosts with a known script, by its comparison with the reference script. */
  new: Count,
  unchanged: Count,
  changed: Count
})

export type Counts = typeof Counts.Type

/** The setups of some hosts failed; those of the other hosts are complete. */
export class FleetIncomplete extends Failure.Class<FleetIncomplete>()(
  "FleetIncomplete",
  { counts: Counts },
  {
    message: ({ counts }) =>
      `${counts.failed + counts.cancelled} of ${counts.hosts} hosts of the fleet failed; ${counts.succeeded} succeeded.`,
    hint: "Run `privx-kit runs show` to list them, and `privx-kit runs retry` to set up the failed hosts again."
  }
) {}

export const FleetFailure = Schema.Union([FleetIncomplete, RunCancelled, StorageFailed, InternalError])

export type FleetFailure = typeof FleetFailure.Type

/** The form in the record. */
export const CountsJson = Schema.toCodecJson(Counts)
export const FailureJson = Schema.toCodecJson(FleetFailure)
