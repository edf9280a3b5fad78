/** Fleets as a person reads them: what would be done, how it goes, what it came to, how the hosts stand. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RunEvent } from "../runs/RunEvents.ts"
import * as LiveLine from "../terminal/LiveLine.ts"
import { brief } from "../terminal/RunView.ts"
import type { Pane } from "../terminal/Screen.ts"
import type { Style } from "../terminal/Style.ts"
import * as Text from "../terminal/Text.ts"
import type { HostReport } from "./FleetReport.ts"
import type { Counts } from "./FleetRun.ts"
import { hasDrifted, type HostStatus, type State } from "./FleetStatus.ts"

/** Fleets up to this size are shown host by host; of larger ones those that somebody should look at. */
const shownInFull = 40

/** Plain lines come no more often than this, in milliseconds. */
const plainInterval = 5000

export interface Progress {
  readonly observe: (event: RunEvent) => Effect.Effect<void>
  /** Where no events come: how the hosts stand now. */
  readonly look: (hosts: ReadonlyArray<HostReport>) => Effect.Effect<void>
  /** From now on it is that run whose hosts are counted; so many of them are over. */
  readonly begin: (hosts: ReadonlyMap<string, string>, over: number) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

/** Counts what comes to its end, in one line that is drawn over, or in plain lines now and then. Needs a scope for it. */
export const progress = Effect.fnUntraced(function* (pane: Pane): Effect.fn.Return<Progress, never, Scope.Scope> {
  const { style } = pane
  const live = pane.animation ? yield* LiveLine.make(pane) : undefined
  const above = live === undefined ? pane.line : live.above
  /** Names by the ids of their runs. */
  let hosts: ReadonlyMap<string, string> = new Map()
  const underWay = new Set<string>()
  let over = 0
  let failed = 0
  let waiting = 0
  let began = 0
  /** When the last plain line came. */
  let last = 0
  /** What was said of each run. */
  const told = new Map<string, string | null>()
  const text = (millis: number) =>
    [
      `${Text.grouped(over)} of ${Text.grouped(hosts.size)} hosts`,
      `${underWay.size} under way`,
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
      if (told.get(runId) === status) continue
      told.set(runId, status)
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

/** What a fleet run came to. */
export const report = Effect.fnUntraced(function* (hosts: ReadonlyArray<HostReport>, out: Pane, all = false) {
  const wanted = all || hosts.length <= shownInFull ? hosts : hosts.filter(({ status }) => status !== "succeeded")
  yield* table(
    ["Host", "Status", "Took", "Script", "Run", ""],
    wanted.map(({ change, failure, millis, name, runId, status }) => [
      name,
      `${signOf(status, out.style)} ${status ?? "not begun"}`,
      millis === null ? "" : Text.duration(millis),
      change ?? "",
      runId?.slice(0, 8) ?? "",
      failure === null ? "" : `${failure.tag}: ${failure.message}`
    ]),
    out
  )
  if (wanted.length < hosts.length)
    yield* out.line(out.style.dim(`  (and ${hosts.length - wanted.length} that succeeded)`))
})

const signOf = (status: HostReport["status"], { dim, green, red, sign, yellow }: Style): string =>
  status === "succeeded"
    ? green(sign.ok)
    : status === "failed"
      ? red(sign.failed)
      : status === "waiting" || status === "interrupted"
        ? yellow(sign.warning)
        : dim(sign.dot)

/** In a sentence. */
export const countsText = (counts: Counts): string => {
  const parts = [
    `${Text.grouped(counts.succeeded)} of ${Text.grouped(counts.hosts)} hosts done`,
    ...(["failed", "cancelled"] as const).flatMap((name) => (counts[name] === 0 ? [] : [`${counts[name]} ${name}`])),
    ...(counts.waiting === 0 ? [] : [`${counts.waiting} waiting for approval`])
  ]
  const scripts = (["new", "unchanged", "changed"] as const).flatMap((name) =>
    counts[name] === 0 ? [] : [`${counts[name]} ${name}`]
  )
  return `${parts.join(", ")}${scripts.length === 0 ? "" : `; scripts: ${scripts.join(", ")}`}.`
}

const stateTexts: Record<State, string> = {
  ok: "as approved",
  changed: "script not the approved one",
  waiting: "waits for approval",
  failing: "last run failed",
  stale: "last good run too old",
  unfinished: "unfinished run",
  never: "never set up"
}

/** How the hosts stand. */
export const status = Effect.fnUntraced(function* (hosts: ReadonlyArray<HostStatus>, out: Pane, all: boolean) {
  const { style } = out
  const drifted = hosts.filter(hasDrifted)
  const wanted = all || hosts.length <= shownInFull ? hosts : drifted
  yield* table(
    ["Host", "State", "Last good run", "Script", "Run", ""],
    wanted.map((host) => [
      host.name,
      `${hasDrifted(host) ? style.yellow(style.sign.warning) : style.green(style.sign.ok)} ${stateTexts[host.state]}`,
      host.good === null ? "never" : local(host.good.endedAt),
      host.good?.sha256?.slice(0, 12) ?? "",
      host.run?.id.slice(0, 8) ?? "",
      host.run?.failure ?? (host.state === "changed" ? `approved: ${host.approved?.slice(0, 12) ?? "none"}` : "")
    ]),
    out
  )
  if (wanted.length < hosts.length)
    yield* out.line(style.dim(`  (and ${hosts.length - wanted.length} that are as approved)`))
  yield* out.line(
    drifted.length === 0
      ? `${style.green(style.sign.ok)} ${Text.grouped(hosts.length)} hosts, no drift.`
      : `${style.yellow(style.sign.warning)} ${Text.grouped(drifted.length)} of ${Text.grouped(hosts.length)} hosts have drifted.`
  )
})

/** In the time of this machine, to the minute. */
export const local = (iso: string): string => {
  const date = new Date(iso)
  const two = (number: number) => String(number).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** To the second. */
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
