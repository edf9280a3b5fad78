/** Reports the start and the outcome of a fleet run, on this machine or on a server. */
import * as Effect from "effect/Effect"
import type * as ExitCode from "../ExitCode.ts"
import * as FleetReport from "../../fleet/FleetReport.ts"
import type { Counts } from "../../fleet/FleetRun.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as ResumeCommand from "../ueba/ResumeCommand.ts"

export interface Applied {
  readonly runId: string
  readonly counts: Counts
  readonly fleet: string
  readonly hosts: ReadonlyArray<FleetReport.HostReport>
}

export interface Started {
  readonly runId: string
  /** Whether the run had already started. */
  readonly continued: boolean
  /** Unfinished runs of the same fleet with other hosts or inputs. They are not changed. */
  readonly others: ReadonlyArray<string>
}

/** Reports that a fleet run starts. */
export const started = Effect.fnUntraced(function* (
  name: string,
  hosts: number,
  { continued, others, runId }: Started
) {
  const { err } = yield* Screen
  const { style } = err
  const dot = style.dim(style.sign.dot)
  const count = `${hosts} ${hosts === 1 ? "host" : "hosts"}`
  const how = continued ? `, ${style.dim("continued")}` : ""
  yield* err.line(`${style.bold(`Fleet ${name}`)} ${dot} ${count} ${dot} run ${runId}${how}`)
  for (const other of others) {
    yield* err.line(
      `${style.yellow(style.sign.warning)} Fleet run ${other} has other hosts or inputs and is unfinished; it is left alone. ` +
        `To cancel it: privx-kit runs cancel ${other.slice(0, 8)}`
    )
  }
})

export const toJson = ({ counts, fleet, hosts, runId }: Applied): unknown => ({ fleet, runId, counts, hosts })

/** @param server the server of the fleet run, if any, for the suggested commands */
export const toPerson = Effect.fnUntraced(function* (
  { counts, hosts, runId }: Applied,
  out: Pane,
  all: boolean,
  server?: string
) {
  yield* out.line()
  yield* FleetProgressView.report(hosts, out, all)
  const { green, red, sign, yellow } = out.style
  const name = exitName(counts)
  yield* out.line()
  yield* out.line(
    `${name === "ok" ? green(sign.ok) : name === "hostsFailed" ? red(sign.failed) : yellow(sign.warning)} ${FleetProgressView.countsText(counts)}`
  )
  const there = ResumeCommand.text("--server", server)
  const of = (id: string) => [id, ...there].join(" ")
  const id = of(runId.slice(0, 8))
  const unbrought = hosts.filter(({ failure }) => failure?.tag === FleetReport.notBrought).length
  if (unbrought > 0) {
    yield* out.line(`  To download the missing scripts: privx-kit fleet show ${id} --file FILE`)
  }
  if (counts.failed + counts.cancelled > unbrought)
    yield* out.line(`  To set up the failed hosts again: privx-kit fleet retry ${id}`)
  if (counts.waiting > 0) {
    yield* out.line(
      `  To approve a waiting host: privx-kit artifacts diff ${of("RUN")}, then privx-kit runs approve ${of("RUN")}; fleet apply or fleet watch then continues with it.`
    )
  }
})

export const exitName = (counts: Counts): ExitCode.Name =>
  counts.failed + counts.cancelled > 0 ? "hostsFailed" : counts.waiting > 0 ? "hostsWaiting" : "ok"
