/** Views of fleets for people: the plan, the progress, the outcome and the status of the hosts. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RunEvent } from "@privx-kit/runs/RunEvents"
import * as LiveLine from "../../terminal/LiveLine.ts"
import { brief } from "../../setup/SetupFailure.ts"
import type { Pane } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"
import type { HostReport } from "../../fleet/FleetReport.ts"
import type { Counts } from "../../fleet/FleetRun.ts"
import type { HostStatus, State } from "../../fleet/FleetStatus.ts"

/** Fleets up to this size are shown host by host; larger ones show only the hosts that need attention. */
const shownInFull = 40

/** Minimum time between plain lines, in milliseconds. */
const plainInterval = 5000

export interface Progress {
  readonly observe: (event: RunEvent) => Effect.Effect<void>
  /** Updates the status of the hosts if there are no events. */
  readonly look: (hosts: ReadonlyArray<HostReport>) => Effect.Effect<void>
  /** Starts counting the hosts of the run; `over` of them have already ended. */
  readonly begin: (hosts: ReadonlyMap<string, string>, over: number) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

/** Counts the ended hosts, in one live line or in occasional plain lines. */
export const progress = Effect.fnUntraced(function* (pane: Pane): Effect.fn.Return<Progress, never, Scope.Scope> {
  const { style } = pane
  const live = pane.animation ? yield* LiveLine.make(pane) : undefined
  const above = live === undefined ? pane.line : live.above
  /** Host names by run id. */
  let hosts: ReadonlyMap<string, string> = new Map()
  const underWay = new Set<string>()
  let over = 0
  let failed = 0
  let waiting = 0
  let began = 0
  /** The time of the last plain line. */
  let last = 0
  /** The last reported state of each run. */
  const shown = new Map<string, string | null>()
  const text = (millis: number) =>
    [
      `${Text.grouped(over)} of ${Text.grouped(hosts.size)} hosts`,
      `${underWay.size} running`,
      ...(failed === 0 ? [] : [`${failed} failed`]),
      ...(waiting === 0 ? [] : [`${waiting} waiting for approval`]),
      Text.duration(millis)
    ].join(` ${style.sign.dot} `)
  const draw = (frame: number, columns: number): string => {
    const spinner = style.spinner[frame % style.spinner.length] ?? ""
    return Text.cut(`  ${spinner} ${text(performance.now() - began)}`, columns, style.sign.ellipsis)
  }
  const plain = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (live !== undefined || now - last < plainInterval) return
    last = now
    yield* pane.line(`  ${style.sign.dot} ${text(performance.now() - began)}`)
  })
  const failedLine = (name: string, why: string) => `  ${style.red(style.sign.failed)} ${name}: ${why}`
  const waitingLine = (name: string, runId: string) =>
    `  ${style.yellow(style.sign.warning)} ${name} waits for approval: privx-kit runs approve ${runId.slice(0, 8)}`
  const observe = Effect.fnUntraced(function* (event: RunEvent) {
    const name = hosts.get(event.runId)
    if (name === undefined) return
    switch (event._tag) {
      case "RunStarted":
        underWay.add(event.runId)
        break
      case "StepFailed":
        yield* above(failedLine(name, `${event.step}: ${brief(event.failure)}`))
        break
      case "ApprovalAwaited":
        underWay.delete(event.runId)
        waiting++
        yield* above(waitingLine(name, event.runId))
        break
      case "RunEnded":
        underWay.delete(event.runId)
        over++
        if (event.outcome !== "succeeded") failed++
        break
      default:
        return
    }
    yield* plain
  })
  const look = Effect.fnUntraced(function* (reports: ReadonlyArray<HostReport>) {
    underWay.clear()
    over = failed = waiting = 0
    for (const { failure, name, runId, status } of reports) {
      if (runId === null) continue
      if (status === "running") underWay.add(runId)
      if (status === "waiting") waiting++
      if (status === "failed" || status === "cancelled") failed++
      if (status === "failed" || status === "cancelled" || status === "succeeded") over++
      if (shown.get(runId) === status) continue
      shown.set(runId, status)
      if (status === "failed") yield* above(failedLine(name, failure?.message ?? status))
      if (status === "waiting") yield* above(waitingLine(name, runId))
    }
    yield* plain
  })
  return {
    observe,
    look,
    begin: (names, done) =>
      Effect.suspend(() => {
        hosts = names
        over = done
        failed = waiting = 0
        underWay.clear()
        began = performance.now()
        last = Date.now()
        return live === undefined ? Effect.void : live.show(draw)
      }),
    end: live === undefined ? Effect.void : live.clear
  }
})

/** The outcome of a fleet run. */
export const report = Effect.fnUntraced(function* (hosts: ReadonlyArray<HostReport>, out: Pane, all = false) {
  const wanted = all || hosts.length <= shownInFull ? hosts : hosts.filter(({ status }) => status !== "succeeded")
  yield* table(
    ["Host", "Status", "Took", "Script", "Run", ""],
    wanted.map(({ change, failure, millis, name, runId, status }) => [
      name,
      `${signOf(status, out.style)} ${status ?? "not started"}`,
      millis === null ? "" : Text.duration(millis),
      change ?? "",
      runId?.slice(0, 8) ?? "",
      failure === null ? "" : `${failure.tag}: ${failure.message}`
    ]),
    out
  )
  if (wanted.length < hosts.length)
    yield* out.line(out.style.dim(`  (and ${hosts.length - wanted.length} that succeeded)`))
  yield* advice(hosts, out)
})

/** The advice for the failures: each text once, with the hosts that it applies to. */
const advice = Effect.fnUntraced(function* (hosts: ReadonlyArray<HostReport>, out: Pane) {
  const failed = hosts.flatMap(({ failure, name }) => (failure === null ? [] : [{ hint: failure.hint, name }]))
  for (const [hint, group] of Map.groupBy(failed, ({ hint }) => hint)) {
    const names = group.slice(0, shownNames).map(({ name }) => name)
    const others = group.length > shownNames ? ` and ${group.length - shownNames} others` : ""
    const text = `${names.join(", ")}${others}: ${hint}`
    for (const [at, line] of Text.wrap(text, out.columns() - 4).entries()) {
      yield* out.line(`${at === 0 ? `  ${out.style.sign.dot} ` : "    "}${line}`)
    }
  }
})

/** Maximum number of hosts that one piece of advice names. */
const shownNames = 3

const signOf = (status: HostReport["status"], { dim, green, red, sign, yellow }: Style): string =>
  status === "succeeded"
    ? green(sign.ok)
    : status === "failed"
      ? red(sign.failed)
      : status === "waiting" || status === "interrupted"
        ? yellow(sign.warning)
        : dim(sign.dot)

/** The counts in one sentence. */
export const countsText = (counts: Counts): string => {
  const parts = [
    `${Text.grouped(counts.succeeded)} of ${counts.hosts === 1 ? "1 host" : `${Text.grouped(counts.hosts)} hosts`} done`,
    ...(["failed", "cancelled"] as const).flatMap((name) => (counts[name] === 0 ? [] : [`${counts[name]} ${name}`])),
    ...(counts.waiting === 0 ? [] : [`${counts.waiting} waiting for approval`])
  ]
  const scripts = (["new", "unchanged", "changed"] as const).flatMap((name) =>
    counts[name] === 0 ? [] : [`${counts[name]} ${name}`]
  )
  return `${parts.join(", ")}${scripts.length === 0 ? "" : `; scripts: ${scripts.join(", ")}`}.`
}

const stateTexts: Record<State, string> = {
  ok: "up to date",
  changed: "script has changed",
  waiting: "waits for approval",
  failing: "last run failed",
  stale: "last good run too old",
  unfinished: "unfinished run",
  never: "never set up"
}

/** Digest and kind of the reference script. */
export const referenceText = (reference: HostStatus["reference"]): string =>
  reference === null ? "none" : `${reference.sha256.slice(0, 12)} ${reference.basis}`

/** Renders the status of the hosts. */
export const status = Effect.fnUntraced(function* (hosts: ReadonlyArray<HostStatus>, out: Pane, all: boolean) {
  const { style } = out
  const drifted = hosts.filter(({ drifted }) => drifted)
  const wanted = all || hosts.length <= shownInFull ? hosts : drifted
  yield* table(
    ["Host", "State", "Last good run", "Script", "Run", ""],
    wanted.map((host) => [
      host.name,
      `${host.drifted ? style.yellow(style.sign.warning) : style.green(style.sign.ok)} ${stateTexts[host.state]}`,
      host.good === null ? "never" : local(host.good.endedAt),
      host.good?.sha256?.slice(0, 12) ?? "",
      host.run?.id.slice(0, 8) ?? "",
      host.reason?.message ?? ""
    ]),
    out
  )
  if (wanted.length < hosts.length)
    yield* out.line(style.dim(`  (and ${hosts.length - wanted.length} that are up to date)`))
  yield* out.line(
    drifted.length === 0
      ? `${style.green(style.sign.ok)} ${hosts.length === 1 ? "1 host" : `${Text.grouped(hosts.length)} hosts`}, no drift.`
      : `${style.yellow(style.sign.warning)} ${Text.grouped(drifted.length)} of ${hosts.length === 1 ? "1 host has" : `${Text.grouped(hosts.length)} hosts have`} drifted.`
  )
})

/** Local time, to the minute. */
export const local = (iso: string): string => {
  const date = new Date(iso)
  const two = (number: number) => String(number).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Local time, to the second. */
export const moment = (iso: string): string => `${local(iso)}:${String(new Date(iso).getSeconds()).padStart(2, "0")}`

export const table = Effect.fnUntraced(function* (
  titles: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  out: Pane
) {
  if (rows.length === 0) return
  const widths = titles.map((title, column) =>
    rows.reduce((widest, row) => Math.max(widest, Text.width(row[column] ?? "")), Text.width(title))
  )
  const last = titles.length - 1
  for (const row of [titles.map((title) => out.style.bold(title)), ...rows]) {
    const line = row.map((cell, column) => (column === last ? cell : Text.padEnd(cell, widths[column] ?? 0))).join("  ")
    yield* out.line(`  ${line.trimEnd()}`)
  }
})
