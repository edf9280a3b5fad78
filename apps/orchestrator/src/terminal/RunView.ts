/**
 * A run as a person sees it while it is under way: one line for each step with its time, retries as they happen, and a
 * progress bar where the pane can animate, plain lines where it cannot.
 */
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RunEvent } from "../RunEvents.ts"
import type { StepName } from "../Runs.ts"
import * as LiveLine from "./LiveLine.ts"
import type { Pane } from "./Screen.ts"
import type { Style } from "./Style.ts"
import * as Text from "./Text.ts"

export interface RunView {
  readonly observe: (event: RunEvent) => Effect.Effect<void>
  /** The id of the run, once it has begun: what an interrupted command tells how to continue with. */
  readonly runId: () => string | undefined
}

const titles: Record<StepName, string> = {
  "create-session": "Create a session",
  download: "Download the script",
  verify: "Verify the script",
  deliver: "Deliver the script"
}

const titleWidth = Math.max(...Object.values(titles).map((title) => title.length))
const timeWidth = 9
const barWidth = 24

/** Below so many columns the title is all there is room for. */
const narrow = titleWidth + timeWidth + 5

/** Plain lines come no more often than this, in milliseconds. */
const plainInterval = 2000

/** Needs a scope for the line that it animates. */
export const make = Effect.fnUntraced(function* (pane: Pane): Effect.fn.Return<RunView, never, Scope.Scope> {
  const { style } = pane
  const live = pane.animation ? yield* LiveLine.make(pane) : undefined
  const above = live === undefined ? pane.line : live.above
  let runId: string | undefined
  let title = ""
  let started = 0
  let progress: Progress | undefined

  const begin = (step: StepName) => {
    title = titles[step]
    started = performance.now()
    progress = undefined
  }

  const animate = Effect.suspend(() =>
    live === undefined
      ? Effect.void
      : live.show((frame, columns) => {
          const spinner = style.spinner[frame % style.spinner.length] ?? ""
          if (columns < narrow) return Text.cut(`  ${spinner} ${title}`, columns, style.sign.ellipsis)
          const time = Text.seconds(performance.now() - started).padStart(timeWidth)
          const head = `  ${style.cyan(spinner)} ${Text.padEnd(title, titleWidth)}${style.dim(time)}`
          return progress === undefined ? head : `${head}  ${bar(style, progress, columns - Text.width(head) - 2)}`
        })
  )

  const finished = (sign: string, step: StepName, millis: number, text: string) => {
    const time = style.dim(Text.seconds(millis).padStart(timeWidth))
    return `  ${sign} ${Text.padEnd(titles[step], titleWidth)}${time}  ${text}`
  }

  const observe = (event: RunEvent): Effect.Effect<void> => {
    switch (event._tag) {
      case "RunStarted": {
        runId = event.runId
        const how = event.resumed ? ` ${style.dim("continued where it had stopped")}` : ""
        return above(
          `${style.bold("UEBA set-up")} ${style.dim(style.sign.dot)} ${event.target} ${style.dim(style.sign.dot)} run ${event.runId}${how}`
        )
      }
      case "StepStarted":
        begin(event.step)
        return animate
      case "StepRetried":
        return above(`  ${retryLine(style, event)}`)
      case "Progress":
        return onProgress(event.bytes, event.total)
      case "StepCompleted":
        progress = undefined
        return above(finished(style.green(style.sign.ok), event.step, event.millis, event.summary))
      case "StepFailed":
        progress = undefined
        return above(finished(style.red(style.sign.failed), event.step, event.millis, brief(event.failure)))
      case "RunEnded":
        return live === undefined ? Effect.void : live.clear
    }
  }

  const onProgress = (bytes: number, total: number | undefined) => {
    const now = performance.now()
    const first = progress ?? { since: now, from: bytes, shown: started }
    const due = live === undefined && now - first.shown >= plainInterval && bytes !== total
    const rate = now > first.since ? ((bytes - first.from) / (now - first.since)) * 1000 : 0
    progress = { bytes, total, rate, since: first.since, from: first.from, shown: due ? now : first.shown }
    return due ? pane.line(`  ${style.sign.dot} ${Text.padEnd(title, titleWidth)}  ${amount(progress)}`) : Effect.void
  }

  return { observe, runId: () => runId }
})

interface Progress {
  readonly bytes: number
  readonly total: number | undefined
  /** Bytes a second since the first report. */
  readonly rate: number
  readonly since: number
  readonly from: number
  /** When a plain line was last written. */
  readonly shown: number
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
export const brief = (failure: { readonly message: string }): string =>
  failure.message.replace(/^[\w.]+ failed: /, "").replace(/\.$/, "")
