/** What a fleet run is: one run of kind `fleet`, whose parts are the set-ups of its hosts. */
import * as Failure from "@privx-kit/core/Failure"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { RunCancelled } from "../runs/RunFailures.ts"
import { InternalError } from "../SetupFailure.ts"
import { SetupInputs } from "../SetupWorkflow.ts"
import type { Fleet } from "./FleetFile.ts"

/** `kind` of these runs. */
export const kind = "fleet"

/** What stands for the fleet where other runs have the base URL of a PrivX. */
export const targetOf = (name: string): string => `fleet:${name}`

export const FleetInputs = Schema.Struct({
  name: Schema.String,
  /** Absolute path of the file that it was begun with. */
  file: Schema.String,
  /** Of the hosts and their inputs: what makes it the same fleet run. */
  digest: Schema.String,
  /** How many there are. */
  hosts: Schema.Int,
  /** It was handed to a server. */
  handedOver: Schema.optionalKey(Schema.Boolean)
})

export type FleetInputs = typeof FleetInputs.Type

export const PlannedHost = Schema.Struct({
  name: Schema.String,
  target: Schema.String,
  inputs: SetupInputs,
  /** A run of an earlier round that waits for approval: nothing new is begun before that is decided. */
  waiting: Schema.optionalKey(Schema.String)
})

export type PlannedHost = typeof PlannedHost.Type

/** What a fleet run is to do. */
export interface Plan {
  readonly name: string
  readonly file: string
  readonly concurrency: number
  readonly hosts: ReadonlyArray<PlannedHost>
}

export const planOf = ({ concurrency, file, hosts, name }: Fleet): Plan => ({
  name,
  file,
  concurrency,
  hosts: hosts.map(({ inputs, name, target }) => ({ name, target, inputs }))
})

/** The same hosts with the same inputs, in whatever order, are the same. */
export const digestOf = ({ hosts }: Pick<Plan, "hosts">): string => {
  const hash = createHash("sha256")
  const byName = hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { inputs, name, target } of byName) hash.update(`${JSON.stringify([name, target, inputs])}\n`)
  return hash.digest("hex")
}

/** Always the same for a host of a fleet run, so that recording it twice records it once. In the form of a UUID. */
export const idOf = (fleetRunId: string, host: string): string => {
  const bytes = createHash("sha256").update(`${fleetRunId}/${host}`).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/** How many hosts came to what. */
export const Counts = Schema.Struct({
  hosts: Schema.Int,
  succeeded: Schema.Int,
  failed: Schema.Int,
  cancelled: Schema.Int,
  /** For approval. */
  waiting: Schema.Int,
  /** Of those whose script is known: how it stands to the approved one. */
  new: Schema.Int,
  unchanged: Schema.Int,
  changed: Schema.Int
})

export type Counts = typeof Counts.Type

/** The set-ups of some hosts failed. Those of the others are done. */
export class FleetIncomplete extends Failure.rendered<{ readonly counts: Counts }>({
  message: ({ counts }) =>
    `${counts.failed + counts.cancelled} of ${counts.hosts} hosts of the fleet failed; ${counts.succeeded} succeeded.`,
  hint: () => "privx-kit runs show lists them; privx-kit runs retry carries out those that failed again."
})(Schema.TaggedError<FleetIncomplete, { readonly hint: string }>()("FleetIncomplete", { counts: Counts })) {}

export const FleetFailure = Schema.Union([FleetIncomplete, RunCancelled, StorageFailed, InternalError])

export type FleetFailure = typeof FleetFailure.Type

/** As kept in the record. */
export const CountsJson = Schema.toCodecJson(Counts)
export const FailureJson = Schema.toCodecJson(FleetFailure)
