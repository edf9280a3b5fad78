/** The outcome of a fleet run, host by host. */
import { RunId } from "@privx-kit/core/RunId"
import * as Failure from "@privx-kit/core/Failure"
import { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Change, RunStatus } from "@privx-kit/runs/Run"
import { brief } from "../setup/SetupFailure.ts"
import { HostFailure } from "./FleetJob.ts"
import { FleetRecord, type Part } from "./FleetRecord.ts"
import { type Counts, idOf, type PlannedHost } from "./FleetRun.ts"

export const HostReport = Schema.Struct({
  name: Schema.String,
  target: Schema.String,
  /** `undefined` if the fleet run has not reached the host. */
  runId: Schema.NullOr(RunId),
  status: Schema.NullOr(RunStatus),
  /** The comparison of its script with the reference script, once known. */
  change: Schema.NullOr(Change),
  sha256: Schema.NullOr(Schema.String),
  millis: Schema.NullOr(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
  failure: Schema.NullOr(Schema.Struct({ tag: Schema.String, message: Schema.String, hint: Schema.String }))
})

export type HostReport = typeof HostReport.Type

/** The failure class of a host whose script is on a server and could not be downloaded. */
export const notBrought = "NotBrought"

/** In the order of the file. */
export const of = Effect.fn("FleetReport.of")(function* (
  runId: string
): Effect.fn.Return<ReadonlyArray<HostReport>, StorageFailed, FleetRecord> {
  const record = yield* FleetRecord
  const { hosts } = yield* record.plan(runId)
  const reports = new Map<string, Omit<HostReport, "name" | "target">>()
  const add = (part: Part) => reports.set(part.id, describe(part))
  yield* record.eachPart(runId, add)
  ;(yield* record.parts(hosts.flatMap(({ waiting }) => waiting ?? []))).forEach(add)
  return hosts.map((host) => ({
    name: host.name,
    target: host.target,
    ...(reports.get(partOf(runId, host)) ?? notStarted)
  }))
})

/** Counts hosts by outcome. Same as `FleetRecord.counts`, for hosts in memory. */
export const countsOf = (hosts: ReadonlyArray<HostReport>): Counts => {
  const counts = { succeeded: 0, failed: 0, cancelled: 0, waiting: 0, new: 0, unchanged: 0, changed: 0 }
  for (const { change, status } of hosts) {
    if (status === "succeeded" || status === "failed" || status === "cancelled" || status === "waiting")
      counts[status]++
    if (change !== null) counts[change]++
  }
  return { hosts: hosts.length, ...counts }
}

const partOf = (runId: string, { name, waiting }: PlannedHost): string => waiting ?? idOf(runId, name)

const notStarted = { runId: null, status: null, change: null, sha256: null, millis: null, failure: null }

const describe = ({
  endedAt,
  failure,
  id,
  review,
  sha256,
  startedAt,
  status
}: Part): Omit<HostReport, "name" | "target"> => ({
  runId: id,
  status,
  change: review?.change ?? null,
  sha256,
  millis: startedAt === null || endedAt === null ? null : Math.max(0, endedAt - startedAt),
  failure: failure === null ? null : explained(failure)
})

const decode = Schema.decodeUnknownOption(HostFailure)

/** In one line: the failed checks instead of the whole report of a verification. */
export const explained = (json: Schema.Json): NonNullable<HostReport["failure"]> =>
  Option.match(decode(json), {
    // A failure from a later version.
    onNone: () => ({ tag: "unknown", message: "failed", hint: "Run privx-kit runs show for the run of the host." }),
    onSome: (failure) => ({
      tag: failure._tag,
      message: Failure.singleLine(failure instanceof VerificationFailed ? failure.message : brief(failure), 300),
      hint: failure.hint
    })
  })
