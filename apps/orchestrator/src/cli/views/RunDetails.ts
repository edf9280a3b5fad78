/** Views of runs: as a table, in full, or in one line. */
import * as Failure from "@privx-kit/core/Failure"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { EarlierAttempt, Run, RunStatus, RunStep } from "@privx-kit/runs/Run"
import { comparison } from "@privx-kit/runs/RunFailures"
import { kind as fleetKind } from "../../fleet/FleetRun.ts"
import { kind as setupKind } from "../../setup/SetupRun.ts"
import { failureOf } from "../../domain/Domains.ts"
import type { Pane } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"

export const table = Effect.fnUntraced(function* (runs: ReadonlyArray<Run>, out: Pane) {
  const { style } = out
  if (runs.length === 0) return yield* out.line(style.dim("No runs."))
  const rows = runs.map((run) => [
    run.id.slice(0, shortest(runs)),
    `${sign(run.status, style)} ${run.status}`,
    shortMoment(run.createdAt),
    took(run) ?? "",
    run.target.replace(/^https:\/\//, ""),
    `${run.kind === setupKind ? "" : `${run.kind} `}${run.failure === null ? change(run) : tagOf(run.failure)}`.trim()
  ])
  const head = ["Run", "  Status", "Started", "Took", "PrivX host", ""]
  const [first = "", ...lines] = Text.table([head, ...rows], {
    columns: out.columns(),
    flexible: new Map([
      [5, 8],
      [4, 15]
    ]),
    ellipsis: style.sign.ellipsis
  })
  yield* out.line(style.bold(first))
  for (const line of lines) yield* out.line(line)
})

export const show = Effect.fnUntraced(function* (run: Run, out: Pane) {
  const { style } = out
  const rows: ReadonlyArray<readonly [name: string, value: string | undefined]> = [
    ["Run", run.id],
    ["Status", `${sign(run.status, style)} ${run.status}${run.attempt === 1 ? "" : `, attempt ${run.attempt}`}`],
    ["Kind", run.kind],
    ["PrivX host", run.target],
    ["Started", moment(run.createdAt)],
    ["Took", took(run)],
    ["Key", run.idempotencyKey === null ? undefined : Failure.singleLine(run.idempotencyKey)],
    ["SHA-256", run.sha256 ?? undefined],
    ["Script", run.review === null ? undefined : comparison(run.review)],
    ["Decision", decision(run)]
  ]
  for (const [name, value] of rows) if (value !== undefined) yield* out.line(`  ${Text.padEnd(name, 12)}${value}`)
  yield* steps(run.steps, out)
  if (run.failure !== null)
    yield* out.line(`  ${style.red(style.sign.failed)} ${yield* failureText(run.kind, run.failure)}`)
  const id = run.id.slice(0, 8)
  if (run.kind === fleetKind) yield* out.line(`  Run privx-kit fleet show ${id} to see its hosts.`)
  if (run.status === "waiting") {
    yield* out.line(
      `  Run privx-kit artifacts diff ${id} to see the script, then privx-kit runs approve ${id}, or reject.`
    )
  }
  for (const earlier of run.earlier) yield* showEarlier(run.kind, earlier, out)
})

const showEarlier = Effect.fnUntraced(function* (kind: string, earlier: EarlierAttempt, out: Pane) {
  const { bold, sign: signs } = out.style
  yield* out.line()
  const when = earlier.startedAt === null ? "" : `, ${moment(earlier.startedAt)}`
  yield* out.line(`  ${bold(`Attempt ${earlier.attempt}`)}: ${earlier.status}${when}`)
  yield* steps(earlier.steps, out)
  if (earlier.failure !== null)
    yield* out.line(`  ${out.style.red(signs.failed)} ${yield* failureText(kind, earlier.failure)}`)
})

const steps = Effect.fnUntraced(function* (steps: ReadonlyArray<RunStep>, { line, style }: Pane) {
  if (steps.length === 0) return
  yield* line()
  for (const step of steps) {
    const details = [
      step.attempts === 1 ? undefined : `${step.attempts} attempts`,
      step.bytes === null ? undefined : size(step.bytes, step.endedAt === null ? step.totalBytes : null),
      ...Object.entries(step.failures).map(([code, count]) => (count === 1 ? code : `${code} × ${count}`))
    ].filter((detail) => detail !== undefined)
    const time = (took(step) ?? "").padStart(12)
    yield* line(
      `  ${sign(step.status, style)} ${Text.padEnd(step.name, 15)}${style.dim(time)}  ${details.join(", ")}`.trimEnd()
    )
  }
  yield* line()
})

const size = (bytes: number, total: number | null): string =>
  total === null ? Text.bytes(bytes) : `${Text.bytes(bytes)} of ${Text.bytes(total)}`

/** The state of a run in one line. */
export const now = (run: Run, style: Style): string => {
  const step = run.steps.findLast((step) => step.endedAt === null) ?? run.steps.at(-1)
  const failures = Object.entries(step?.failures ?? {}).map(([code, count]) => `${code} × ${count}`)
  const at =
    step === undefined ? "" : ` ${style.sign.dot} ${step.name}${step.attempts > 1 ? `, attempt ${step.attempts}` : ""}`
  const why = failures.length === 0 ? "" : ` (${failures.join(", ")})`
  return `${sign(run.status, style)} ${run.id.slice(0, 8)} ${run.status}${at}${why}`
}

const sign = (status: RunStatus, { cyan, dim, green, red, sign, yellow }: Style): string => {
  switch (status) {
    case "succeeded":
      return green(sign.ok)
    case "failed":
      return red(sign.failed)
    case "cancelled":
      return dim(sign.skipped)
    case "waiting":
    case "interrupted":
      return yellow(sign.warning)
    case "queued":
      return dim(sign.dot)
    case "running":
      return cyan(sign.arrow)
  }
}

/** Local time, to the second. */
const moment = (time: DateTime.Utc): string => {
  const date = new Date(DateTime.toEpochMillis(time))
  const two = (number: number) => String(number).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** To the minute. The year is shown only if it is not the current one. */
const shortMoment = (time: DateTime.Utc): string =>
  moment(time).slice(0, 16).replace(`${new Date().getFullYear()}-`, "")

const took = (part: {
  readonly startedAt: DateTime.Utc | null
  readonly endedAt: DateTime.Utc | null
}): string | undefined =>
  part.startedAt === null || part.endedAt === null
    ? undefined
    : Text.duration(DateTime.toEpochMillis(part.endedAt) - DateTime.toEpochMillis(part.startedAt))

const change = (run: Run): string => run.review?.change ?? ""

const decision = ({ review }: Run): string | undefined => {
  if (review === null || review.decision === null) return undefined
  const { approved, at, by, comment } = review.decision
  const why = comment === null ? "" : `: ${Failure.singleLine(comment)}`
  return `${approved ? "approved" : "rejected"} by ${by}, ${moment(at)}${why}`
}

/** The number of id characters that distinguish these runs; at least eight. */
const shortest = (runs: ReadonlyArray<Run>): number => {
  for (let length = 8; length < 36; length += 4) {
    if (new Set(runs.map((run) => run.id.slice(0, length))).size === runs.length) return length
  }
  return 36
}

const failureText = (kind: string, failure: Schema.Json) =>
  Effect.map(failureOf({ kind, failure }), Option.match({ onNone: () => tagOf(failure), onSome: Failure.render }))

const tagOf = (failure: Schema.Json): string =>
  typeof failure === "object" && failure !== null && "_tag" in failure ? String(failure._tag) : "failed"
