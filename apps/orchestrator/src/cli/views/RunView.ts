/**
 * The progress of a run for people: one line for each step with its time, retries as they happen, and a progress bar if
 * the pane can animate, otherwise plain lines.
 */
import type { Failure } from "@privx-kit/core/Failure"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RunEvent } from "@privx-kit/runs/RunEvents"
import type { StepName } from "@privx-kit/runs/Run"
import { whyWaiting } from "@privx-kit/runs/RunFailures"
import * as LiveLine from "../../terminal/LiveLine.ts"
import { brief } from "../../setup/SetupFailure.ts"
import type { Pane } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"

export interface RunView {
  readonly observe: (event: RunEvent) => Effect.Effect<void>
  /** Sets the run that the command waits for. */
  readonly follow: (runId: string) => Effect.Effect<void>
  /** That run, once known: an interrupted command says how to resume it. */
  readonly runId: () => string | undefined
}

/** The width that aligns the titles of a setup. */
const titleWidth = 19
const timeWidth = 9
const barWidth = 24

/** The number of columns below which only the title fits. */
const narrow = titleWidth + timeWidth + 5

/** Minimum time between plain lines, in milliseconds. */
const plainInterval = 2000

/**
 * Requires a scope for its live line.
 *
 * @param runId the run that the command waits for, if already known
 */
export const make = Effect.fnUntraced(function* (
  pane: Pane,
  runId?: string
): Effect.fn.Return<RunView, never, Scope.Scope> {
  const { style } = pane
  const live = pane.animation ? yield* LiveLine.make(pane) : undefined
  const above = live === undefined ? pane.line : live.above
  // A process also resumes other unfinished runs, besides the requested one.
  const runs = new Map<string, Step>()
  let followed = runId

  const animate = Effect.suspend(() =>
    live === undefined ? Effect.void : live.show((frame, columns) => draw(style, shown(), frame, columns))
  )

  /** The step on the live line: other steps print a line only when they complete. */
  const shown = () => runs.get(followed ?? "")

  const step = (runId: string, name: StepName, title: string): Step => {
    const known = runs.get(runId)
    if (known !== undefined && known.name === name) return known
    const step = { name, title, started: performance.now(), progress: undefined, note: undefined }
    runs.set(runId, step)
    return step
  }

  const line = (runId: string, text: string) =>
    runs.size > 1 ? `${text} ${style.dim(`(run ${runId.slice(0, 8)})`)}` : text

  const finished = (runId: string, sign: string, title: string, millis: number, text: string) => {
    const time = style.dim(Text.seconds(millis).padStart(timeWidth))
    return line(runId, `  ${sign} ${Text.padEnd(title, titleWidth)}${time}  ${text}`)
  }

  const observe = (event: RunEvent): Effect.Effect<void> => {
    const { runId } = event
    switch (event._tag) {
      case "RunStarted": {
        const dot = style.dim(style.sign.dot)
        const how = event.resumed ? `, ${style.dim("continued")}` : ""
        return above(`${style.bold(event.title)} ${dot} ${event.target} ${dot} run ${runId}${how}`)
      }
      case "StepStarted":
        runs.delete(runId)
        step(runId, event.step, event.title)
        return runId === followed ? animate : Effect.void
      case "StepRetried":
        return above(line(runId, `  ${retryLine(style, event)}`))
      case "Progress":
        return onProgress(step(runId, event.step, event.title), event.bytes, event.total)
      case "Noted":
        return onNote(step(runId, event.step, event.title), event.text)
      case "StepCompleted":
        return above(finished(runId, style.green(style.sign.ok), event.title, event.millis, event.summary))
      case "StepFailed":
        return above(finished(runId, style.red(style.sign.failed), event.title, event.millis, brief(event.failure)))
      case "ApprovalAwaited": {
        runs.delete(runId)
        const id = runId.slice(0, 8)
        const lines = [
          line(runId, `  ${style.yellow(style.sign.warning)} Waiting for approval: ${whyWaiting(event.review)}.`),
          `    See it with ${style.bold(`privx-kit artifacts diff ${id}`)}; then ${style.bold(`privx-kit runs approve ${id}`)}, or reject.`,
          "    The run keeps waiting, even if you stop this command with Ctrl-C."
        ]
        return Effect.andThen(
          Effect.forEach(lines, above, { discard: true }),
          live === undefined || runId !== followed ? Effect.void : live.clear
        )
      }
      case "RunEnded":
        runs.delete(runId)
        return live !== undefined && runId === followed ? live.clear : Effect.void
    }
  }

  const onProgress = (step: Step, bytes: number, total: number | undefined) => {
    const now = performance.now()
    const before = step.progress ?? { since: now, from: bytes, printedAt: step.started }
    const due = live === undefined && now - before.printedAt >= plainInterval && bytes !== total
    const rate = now > before.since ? ((bytes - before.from) / (now - before.since)) * 1000 : 0
    step.progress = {
      bytes,
      total,
      rate,
      since: before.since,
      from: before.from,
      printedAt: due ? now : before.printedAt
    }
    return due
      ? pane.line(`  ${style.sign.dot} ${Text.padEnd(step.title, titleWidth)}  ${amount(step.progress)}`)
      : Effect.void
  }

  /** Shown on the live line, or in an occasional plain line. */
  const onNote = (step: Step, text: string) => {
    const now = performance.now()
    const before = step.note
    const due = live === undefined && text !== before?.text && now - (before?.printedAt ?? -Infinity) >= plainInterval
    step.note = {
      text: live === undefined && !due ? (before?.text ?? "") : text,
      printedAt: due ? now : (before?.printedAt ?? now)
    }
    return due ? pane.line(`  ${style.sign.dot} ${Text.padEnd(step.title, titleWidth)}  ${text}`) : Effect.void
  }

  const follow = (runId: string) =>
    Effect.suspend(() => {
      followed = runId
      return runs.has(runId) ? animate : Effect.void
    })

  return { observe, follow, runId: () => followed }
})

interface Step {
  readonly name: StepName
  readonly title: string
  readonly started: number
  progress: Progress | undefined
  /** The text and time of the last plain progress line. */
  note: { readonly text: string; readonly printedAt: number } | undefined
}

/** The live line. */
const draw = (style: Style, step: Step | undefined, frame: number, columns: number): string => {
  if (step === undefined) return ""
  const spinner = style.spinner[frame % style.spinner.length] ?? ""
  const { title } = step
  if (columns < narrow) return Text.cut(`  ${spinner} ${title}`, columns, style.sign.ellipsis)
  const time = Text.seconds(performance.now() - step.started).padStart(timeWidth)
  const head = `  ${style.cyan(spinner)} ${Text.padEnd(title, titleWidth)}${style.dim(time)}`
  if (step.note !== undefined) {
    const room = Math.max(0, columns - Text.width(head) - 2)
    return `${head}  ${Text.cut(step.note.text, room, style.sign.ellipsis)}`
  }
  return step.progress === undefined ? head : `${head}  ${bar(style, step.progress, columns - Text.width(head) - 2)}`
}

interface Progress {
  readonly bytes: number
  readonly total: number | undefined
  /** Bytes per second since the first report. */
  readonly rate: number
  readonly since: number
  readonly from: number
  /** When a plain line was last written. */
  readonly printedAt: number
}

const bar = (style: Style, progress: Progress, columns: number): string => {
  const text = amount(progress)
  const room = Math.min(barWidth, columns - text.length - 2)
  return progress.total === undefined || progress.total === 0 || room < 6
    ? Text.cut(text, Math.max(0, columns), style.sign.ellipsis)
    : `${style.bar(progress.bytes / progress.total, room)}  ${text}`
}

const amount = ({ bytes, rate, total }: Progress): string => {
  const speed = rate > 0 ? `  ${Text.bytes(Math.round(rate))}/s` : ""
  return total === undefined || total === 0
    ? `${Text.bytes(bytes)}${speed}`
    : `${String(Math.min(100, Math.floor((bytes / total) * 100))).padStart(3)} %  ${Text.bytes(bytes)} of ${Text.bytes(total)}${speed}`
}

/** One line for a retry of any step. */
export const retryLine = (
  style: Style,
  retry: { readonly failure: Failure; readonly delayMs: number; readonly attempt: number }
): string =>
  `${style.yellow(style.sign.retry)} attempt ${retry.attempt} failed, retrying in ${Text.duration(retry.delayMs)}: ${brief(retry.failure)}`
