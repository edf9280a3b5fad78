/**
 * A run as a person sees it while it is under way: one line for each step with its time, retries as they happen, and a
 * progress bar where the pane can animate, plain lines where it cannot.
 */
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RunEvent } from "../runs/RunEvents.ts"
import type { StepName } from "../runs/Run.ts"
import { changeText } from "../runs/RunFailures.ts"
import type { SetupFailure } from "../SetupFailure.ts"
import * as LiveLine from "./LiveLine.ts"
import * as ReportView from "./ReportView.ts"
import type { Pane } from "./Screen.ts"
import type { Style } from "./Style.ts"
import * as Text from "./Text.ts"

export interface RunView {
  readonly observe: (event: RunEvent) => Effect.Effect<void>
  /** Tells which of the runs is the one that the command waits for. */
  readonly follow: (runId: string) => Effect.Effect<void>
  /** That run, once it is known: what an interrupted command tells how to continue with. */
  readonly runId: () => string | undefined
}

const titles: Record<StepName, string> = {
  "create-session": "Create a session",
  download: "Download the script",
  verify: "Verify the script",
  approve: "Wait for approval",
  deliver: "Deliver the script"
}

const titleWidth = Math.max(...Object.values(titles).map((title) => title.length))
const timeWidth = 9
const barWidth = 24

/** Below so many columns the title is all there is room for. */
const narrow = titleWidth + timeWidth + 5

/** Plain lines come no more often than this, in milliseconds. */
const plainInterval = 2000

/**
 * Needs a scope for the line that it animates.
 *
 * @param runId the run that the command waits for, where it is known already
 */
export const make = Effect.fnUntraced(function* (
  pane: Pane,
  runId?: string
): Effect.fn.Return<RunView, never, Scope.Scope> {
  const { style } = pane
  const live = pane.animation ? yield* LiveLine.make(pane) : undefined
  const above = live === undefined ? pane.line : live.above
  // A process continues every run that was left unfinished, beside the one that it was asked for.
  const runs = new Map<string, Step>()
  let followed = runId

  const animate = Effect.suspend(() =>
    live === undefined ? Effect.void : live.show((frame, columns) => draw(style, shown(), frame, columns))
  )

  /** The step on the live line: of the others, only what they have done is told. */
  const shown = () => runs.get(followed ?? "")

  const step = (runId: string, name: StepName): Step => {
    const known = runs.get(runId)
    if (known !== undefined && known.name === name) return known
    const begun = { name, started: performance.now(), progress: undefined }
    runs.set(runId, begun)
    return begun
  }

  const line = (runId: string, text: string) =>
    runs.size > 1 ? `${text} ${style.dim(`(run ${runId.slice(0, 8)})`)}` : text

  const finished = (runId: string, sign: string, name: StepName, millis: number, text: string) => {
    const time = style.dim(Text.seconds(millis).padStart(timeWidth))
    return line(runId, `  ${sign} ${Text.padEnd(titles[name], titleWidth)}${time}  ${text}`)
  }

  const observe = (event: RunEvent): Effect.Effect<void> => {
    const { runId } = event
    switch (event._tag) {
      case "RunStarted": {
        const dot = style.dim(style.sign.dot)
        const how = event.resumed ? `, ${style.dim("continued")}` : ""
        return above(`${style.bold("UEBA set-up")} ${dot} ${event.target} ${dot} run ${runId}${how}`)
      }
      case "StepStarted":
        runs.delete(runId)
        step(runId, event.step)
        return runId === followed ? animate : Effect.void
      case "StepRetried":
        return above(line(runId, `  ${retryLine(style, event)}`))
      case "Progress":
        return onProgress(step(runId, "download"), event.bytes, event.total)
      case "StepCompleted":
        return above(finished(runId, style.green(style.sign.ok), event.step, event.millis, event.summary))
      case "StepFailed":
        return above(finished(runId, style.red(style.sign.failed), event.step, event.millis, brief(event.failure)))
      case "ApprovalAwaited": {
        runs.delete(runId)
        const id = runId.slice(0, 8)
        const lines = [
          line(
            runId,
            `  ${style.yellow(style.sign.warning)} Waiting for approval: ${changeText[event.review.change]}.`
          ),
          `    See it with ${style.bold(`privx-kit artifacts diff ${id}`)}; then ${style.bold(`privx-kit runs approve ${id}`)}, or reject.`,
          "    The run waits as long as it takes, also when this command is ended with Ctrl-C."
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
    const before = step.progress ?? { since: now, from: bytes, told: step.started }
    const due = live === undefined && now - before.told >= plainInterval && bytes !== total
    const rate = now > before.since ? ((bytes - before.from) / (now - before.since)) * 1000 : 0
    step.progress = { bytes, total, rate, since: before.since, from: before.from, told: due ? now : before.told }
    return due
      ? pane.line(`  ${style.sign.dot} ${Text.padEnd(titles[step.name], titleWidth)}  ${amount(step.progress)}`)
      : Effect.void
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
  readonly started: number
  progress: Progress | undefined
}

/** The live line. */
const draw = (style: Style, step: Step | undefined, frame: number, columns: number): string => {
  if (step === undefined) return ""
  const spinner = style.spinner[frame % style.spinner.length] ?? ""
  const title = titles[step.name]
  if (columns < narrow) return Text.cut(`  ${spinner} ${title}`, columns, style.sign.ellipsis)
  const time = Text.seconds(performance.now() - step.started).padStart(timeWidth)
  const head = `  ${style.cyan(spinner)} ${Text.padEnd(title, titleWidth)}${style.dim(time)}`
  return step.progress === undefined ? head : `${head}  ${bar(style, step.progress, columns - Text.width(head) - 2)}`
}

interface Progress {
  readonly bytes: number
  readonly total: number | undefined
  /** Bytes a second since the first report. */
  readonly rate: number
  readonly since: number
  readonly from: number
  /** When a plain line was last written. */
  readonly told: number
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

/** One line for a retry, wherever it happens. */
export const retryLine = (
  style: Style,
  retry: { readonly failure: PrivxFailure; readonly delayMs: number; readonly attempt: number }
): string =>
  `${style.yellow(style.sign.retry)} attempt ${retry.attempt} failed, retrying in ${Text.duration(retry.delayMs)}: ${brief(retry.failure)}`

/** What failed, without the operation's name and the advice, for a line that says both already. */
export const brief = (failure: SetupFailure): string =>
  failure._tag === "VerificationFailed"
    ? ReportView.verdict(failure.report)
    : failure.message.replace(/^[\w.]+ failed: /, "").replace(/\.$/, "")
