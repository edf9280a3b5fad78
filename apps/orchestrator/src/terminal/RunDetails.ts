/** Runs as a person reads them: as a table, one in full, one in a line. */
import * as Failure from "@privx-kit/core/Failure"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { EarlierAttempt, Run, RunStatus, RunStep } from "../runs/Run.ts"
import { changeText } from "../runs/RunFailures.ts"
import { kind as fleetKind } from "../fleet/FleetRun.ts"
import { FailureJson } from "../runs/RunKinds.ts"
import type { Pane } from "./Screen.ts"
import type { Style } from "./Style.ts"
import * as Text from "./Text.ts"

export const table = Effect.fnUntraced(function* (runs: ReadonlyArray<Run>, out: Pane) {
  const { style } = out
  if (runs.length === 0) return yield* out.line(style.dim("No runs."))
  const rows = runs.map((run) => [
    run.id.slice(0, shortest(runs)),
    `${sign(run.status, style)} ${run.status}`,
    moment(run.createdAt),
    took(run) ?? "",
    run.target,
    run.failure === null ? change(run) : tagOf(run.failure)
  ])
  const head = ["Run", "  Status", "Begun", "Took", "PrivX", ""].map((title) => style.bold(title))
  const widths = head.map((title, column) =>
    Math.max(Text.width(title), ...rows.map((row) => Text.width(row[column] ?? "")))
  )
  for (const row of [head, ...rows]) {
    yield* out.line(
      row
        .map((cell, column) => Text.padEnd(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
  }
})

export const show = Effect.fnUntraced(function* (run: Run, out: Pane) {
  const { style } = out
  const rows: ReadonlyArray<readonly [name: string, value: string | undefined]> = [
    ["Run", run.id],
    ["Status", `${sign(run.status, style)} ${run.status}${run.attempt === 1 ? "" : `, attempt ${run.attempt}`}`],
    ["PrivX", run.target],
    ["Begun", moment(run.createdAt)],
    ["Took", took(run)],
    ["Key", run.idempotencyKey === null ? undefined : Failure.singleLine(run.idempotencyKey)],
    ["SHA-256", run.sha256 ?? undefined],
    ["Script", run.review === null ? undefined : changeText[run.review.change]],
    ["Decision", decision(run)]
  ]
  for (const [name, value] of rows) if (value !== undefined) yield* out.line(`  ${Text.padEnd(name, 10)}${value}`)
  yield* steps(run.steps, out)
  if (run.failure !== null) yield* out.line(`  ${style.red(style.sign.failed)} ${failureText(run.failure)}`)
  if (run.kind === fleetKind) yield* out.line(`  privx-kit fleet show ${run.id.slice(0, 8)} lists its hosts.`)
  if (run.status === "waiting") {
    const id = run.id.slice(0, 8)
    yield* out.line(`  privx-kit artifacts diff ${id} shows it; then: privx-kit runs approve ${id}, or reject.`)
  }
  for (const earlier of run.earlier) yield* showEarlier(earlier, out)
})

const showEarlier = Effect.fnUntraced(function* (earlier: EarlierAttempt, out: Pane) {
  const { bold, sign: signs } = out.style
  yield* out.line()
  const when = earlier.startedAt === null ? "" : `, ${moment(earlier.startedAt)}`
  yield* out.line(`  ${bold(`Attempt ${earlier.attempt}`)}: ${earlier.status}${when}`)
  yield* steps(earlier.steps, out)
  if (earlier.failure !== null) yield* out.line(`  ${out.style.red(signs.failed)} ${failureText(earlier.failure)}`)
})

const steps = Effect.fnUntraced(function* (steps: ReadonlyArray<RunStep>, { line, style }: Pane) {
  if (steps.length === 0) return
  yield* line()
  for (const step of steps) {
    const details = [
      step.attempts === 1 ? undefined : `${step.attempts} tries`,
      step.bytes === null ? undefined : Text.bytes(step.bytes),
      ...Object.entries(step.failures).map(([code, count]) => (count === 1 ? code : `${code} × ${count}`))
    ].filter((detail) => detail !== undefined)
    const time = (took(step) ?? "").padStart(12)
    yield* line(
      `  ${sign(step.status, style)} ${Text.padEnd(step.name, 15)}${style.dim(time)}  ${details.join(", ")}`.trimEnd()
    )
  }
  yield* line()
})

/** What there is to say of a run at this moment, in a line. */
export const now = (run: Run, style: Style): string => {
  const step = run.steps.findLast((step) => step.endedAt === null) ?? run.steps.at(-1)
  const failures = Object.entries(step?.failures ?? {}).map(([code, count]) => `${code} × ${count}`)
  const at =
    step === undefined ? "" : ` ${style.sign.dot} ${step.name}${step.attempts > 1 ? `, try ${step.attempts}` : ""}`
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

/** In the time of this machine, to the second. */
const moment = (time: DateTime.Utc): string => {
  const date = new Date(DateTime.toEpochMillis(time))
  const two = (number: number) => String(number).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

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

/** The fewest characters that tell these runs apart, and never fewer than eight. */
const shortest = (runs: ReadonlyArray<Run>): number => {
  for (let length = 8; length < 36; length += 4) {
    if (new Set(runs.map((run) => run.id.slice(0, length))).size === runs.length) return length
  }
  return 36
}

const decodeFailure = Schema.decodeUnknownOption(FailureJson)

const failureText = (failure: Schema.Json): string =>
  Option.match(decodeFailure(failure), { onNone: () => tagOf(failure), onSome: Failure.render })

const tagOf = (failure: Schema.Json): string =>
  typeof failure === "object" && failure !== null && "_tag" in failure ? String(failure._tag) : "failed"
