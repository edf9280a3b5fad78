/** What the fleet commands share: the hosts that are meant, and a process that carries fleets out and shows how it goes. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as ExitCode from "../ExitCode.ts"
import * as FleetFile from "../fleet/FleetFile.ts"
import { FleetRecord } from "../fleet/FleetRecord.ts"
import * as FleetReport from "../fleet/FleetReport.ts"
import { type Counts, idOf } from "../fleet/FleetRun.ts"
import { type Begun, Fleets, type Outcome } from "../fleet/Fleets.ts"
import { FleetTargets } from "../fleet/FleetTargets.ts"
import * as FleetView from "../fleet/FleetView.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { RunEvents } from "../runs/RunEvents.ts"
import * as KeptRuns from "../settings/KeptRuns.ts"
import * as Settings from "../settings/Settings.ts"
import { type Pane, Screen } from "../terminal/Screen.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as SmallHeap from "./SmallHeap.ts"
import { UsageError } from "./UsageError.ts"
import * as Warnings from "./Warnings.ts"

export interface Input extends Globals {
  readonly file: string
  readonly only: ReadonlyArray<string>
  readonly label: ReadonlyArray<string>
  readonly all: boolean
  readonly json: boolean
}

export const dataDirOf = (input: Globals): string => Settings.dataFolder(input, Settings.thisHost()).path

/** The fleet of the file, with the hosts that are selected. */
export const read = Effect.fnUntraced(function* (
  input: Pick<Input, "file" | "only" | "label">,
  command: string,
  options?: { readonly credentials: boolean }
) {
  const { err } = yield* Screen
  const { fleet, warnings } = yield* FleetFile.read(input.file, Settings.thisHost(), options)
  yield* Warnings.show(warnings, err)
  const hosts = fleet.hosts.filter((host) => selected(host, input))
  if (hosts.length > 0) return { ...fleet, hosts }
  return yield* new UsageError({ command, problems: ["No host of the fleet is selected by that."] })
})

const selected = ({ labels, name }: FleetFile.FleetHost, input: Pick<Input, "only" | "label">): boolean =>
  (input.only.length === 0 || input.only.some((pattern) => globOf(pattern).test(name))) &&
  input.label.every((label) => {
    const [key = "", ...value] = label.split("=")
    return labels[key] === value.join("=")
  })

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`
  )

/** A process that carries fleets out, until the scope closes. */
export const open = Effect.fnUntraced(function* ({
  dataDir,
  digests,
  fleet
}: {
  readonly fleet: FleetFile.Fleet
  readonly dataDir: string
  readonly digests: ReadonlyArray<string>
}) {
  SmallHeap.keep()
  const { err } = yield* Screen
  const progress = yield* FleetView.progress(err)
  // Others may want more at once after the file has changed.
  const concurrency = Math.max(fleet.concurrency, 64)
  const context = yield* Layer.build(
    Fleets.layer({ dataDir, digests, concurrency }).pipe(
      Layer.provideMerge(FleetTargets.layer([fleet])),
      Layer.provide(Layer.succeed(RunEvents, progress.observe)),
      Layer.provide(KeptRuns.layer(yield* KeptRuns.resolve(Settings.thisHost())))
    )
  )
  return { progress, context }
})

export interface Applied extends Outcome {
  readonly fleet: string
  readonly hosts: ReadonlyArray<FleetReport.HostReport>
}

/** Tells that a fleet run begins, and shows how it goes. */
export const begun = Effect.fnUntraced(function* (
  name: string,
  progress: FleetView.Progress,
  { continued, others, runId }: Begun
) {
  const { err } = yield* Screen
  const record = yield* FleetRecord
  const { style } = err
  const { hosts } = yield* Effect.orDie(record.plan(runId))
  const names = new Map(hosts.map(({ name, waiting }) => [waiting ?? idOf(runId, name), name]))
  let over = 0
  yield* Effect.orDie(
    record.eachPart(runId, ({ endedAt }) => {
      if (endedAt !== null) over++
    })
  )
  const dot = style.dim(style.sign.dot)
  const count = `${hosts.length} ${hosts.length === 1 ? "host" : "hosts"}`
  const how = continued ? `, ${style.dim("continued")}` : ""
  yield* err.line(`${style.bold(`Fleet ${name}`)} ${dot} ${count} ${dot} run ${runId}${how}`)
  for (const other of others) {
    yield* err.line(
      `${style.yellow(style.sign.warning)} The fleet run ${other}, of other hosts or inputs, is unfinished and left alone: ` +
        `privx-kit runs cancel ${other.slice(0, 8)} ends it.`
    )
  }
  yield* progress.begin(names, over)
})

/** Host by host. */
export const applied = Effect.fnUntraced(function* (fleet: string, outcome: Outcome) {
  return { ...outcome, fleet, hosts: yield* FleetReport.of(outcome.runId) }
})

export const toJson = ({ counts, fleet, hosts, runId }: Applied): unknown => ({ fleet, runId, counts, hosts })

export const toPerson = Effect.fnUntraced(function* ({ counts, hosts, runId }: Applied, out: Pane, all: boolean) {
  yield* out.line()
  yield* FleetView.report(hosts, out, all)
  const { green, red, sign, yellow } = out.style
  const name = exitName(counts)
  yield* out.line()
  yield* out.line(
    `${name === "ok" ? green(sign.ok) : name === "hostsFailed" ? red(sign.failed) : yellow(sign.warning)} ${FleetView.countsText(counts)}`
  )
  const id = runId.slice(0, 8)
  if (counts.failed + counts.cancelled > 0) yield* out.line(`  Those that failed, again: privx-kit fleet retry ${id}`)
  if (counts.waiting > 0) {
    yield* out.line(
      "  Those that wait: privx-kit artifacts diff RUN, then privx-kit runs approve RUN; fleet apply or fleet watch goes on with them."
    )
  }
})

export const exitName = (counts: Counts): ExitCode.Name =>
  counts.failed + counts.cancelled > 0 ? "hostsFailed" : counts.waiting > 0 ? "hostsWaiting" : "ok"

/** The record of a data folder, for a process that carries nothing out. */
export const observing = (dataDir: string) =>
  FleetRecord.layer.pipe(Layer.provideMerge(RunAccess.layer(dataDir, "read")))
