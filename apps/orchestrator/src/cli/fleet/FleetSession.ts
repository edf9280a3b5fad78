/**
 * Shared parts of the fleet commands: the selected hosts, and a process that executes fleets and shows their progress.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as FleetFile from "../../fleet/FleetFile.ts"
import { FleetRecord } from "../../fleet/FleetRecord.ts"
import * as FleetReport from "../../fleet/FleetReport.ts"
import { idOf } from "../../fleet/FleetRun.ts"
import * as EmbeddedRuntime from "../../EmbeddedRuntime.ts"
import type { Started, Outcome } from "../../fleet/Fleets.ts"
import { selecting } from "../../fleet/FleetSelection.ts"
import { FleetPrivxHosts } from "../../fleet/FleetPrivxHosts.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import * as RetentionSetting from "../flags/RetentionSetting.ts"
import * as Settings from "@privx-kit/settings/Settings"
import { Screen } from "../../terminal/Screen.ts"
import * as FleetOutcome from "./FleetOutcome.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as UnfinishedRuns from "../runs/UnfinishedRuns.ts"
import * as SmallHeap from "../SmallHeap.ts"
import { UsageError } from "../UsageError.ts"
import * as Warnings from "../Warnings.ts"

export interface Input extends Globals {
  readonly file: string
  readonly only: ReadonlyArray<string>
  readonly label: ReadonlyArray<string>
  readonly all: boolean
  readonly json: boolean
}

export const dataDirOf = (input: Globals): string => Settings.dataDirectory(input, Settings.thisHost()).path

/** The fleet of the file, with the selected hosts. */
export const read = Effect.fnUntraced(function* (
  input: Pick<Input, "file" | "only" | "label">,
  command: string,
  options?: { readonly credentials: boolean }
) {
  SmallHeap.keep()
  const { err } = yield* Screen
  const { fleet, warnings } = yield* FleetFile.read(input.file, Settings.thisHost(), options)
  yield* Warnings.show(warnings, err)
  const hosts = fleet.hosts.filter(selecting(input))
  if (hosts.length > 0) return { ...fleet, hosts }
  return yield* new UsageError({ command, problems: ["No host of the fleet matches --only and --label."] })
})

/** A process that executes fleets until the scope closes. */
export const open = Effect.fnUntraced(function* ({
  dataDir,
  digests,
  fleet
}: {
  readonly fleet: FleetFile.Fleet
  readonly dataDir: string
  readonly digests: ReadonlyArray<string>
}) {
  const { err } = yield* Screen
  const progress = yield* FleetProgressView.progress(err)
  // A changed file may set a higher concurrency.
  const concurrency = Math.max(fleet.concurrency, 64)
  const ownership = yield* Effect.provide(UnfinishedRuns.ownFleets, RunAccess.layer(dataDir, "read"))
  const context = yield* Layer.build(
    EmbeddedRuntime.layerFleets({ dataDir, digests, concurrency }).pipe(
      Layer.provideMerge(FleetPrivxHosts.layer([fleet])),
      Layer.provide(Layer.succeed(RunEvents, progress.observe)),
      Layer.provide(RetentionSetting.layer(yield* RetentionSetting.resolve(Settings.thisHost()))),
      Layer.provide(ownership)
    )
  )
  return { progress, context }
})

/** Reports that a fleet run starts, and shows its progress. */
export const started = Effect.fnUntraced(function* (
  name: string,
  progress: FleetProgressView.Progress,
  started: Started
) {
  const { runId } = started
  const record = yield* FleetRecord
  const { hosts } = yield* Effect.orDie(record.plan(runId))
  const names = new Map(hosts.map(({ name, waiting }) => [waiting ?? idOf(runId, name), name]))
  let over = 0
  yield* Effect.orDie(
    record.eachPart(runId, ({ endedAt }) => {
      if (endedAt !== null) over++
    })
  )
  yield* FleetOutcome.started(name, hosts.length, started)
  yield* progress.begin(names, over)
})

/** Shows the result host by host. */
export const applied = Effect.fnUntraced(function* (fleet: string, outcome: Outcome) {
  const applied: FleetOutcome.Applied = { ...outcome, fleet, hosts: yield* FleetReport.of(outcome.runId) }
  return applied
})

/** The record of a data directory, for a process that executes nothing. */
export const observing = (dataDir: string) =>
  FleetRecord.layer.pipe(Layer.provideMerge(RunAccess.layer(dataDir, "read")))
