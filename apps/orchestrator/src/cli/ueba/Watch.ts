/** Waits for a state of PrivX and shows the progress, on a live line if possible, otherwise in plain lines. */
import * as Poll from "@privx-kit/http/Poll"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { brief } from "../../setup/SetupFailure.ts"
import * as LiveLine from "../../terminal/LiveLine.ts"
import { Screen } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"

/** Minimum time between plain lines, in milliseconds. */
const plainInterval = 2000

export interface Progress<A> {
  /** Called with each response. */
  readonly onAnswer: (answer: A) => Effect.Effect<void>
  /** Called with each transient failure. */
  readonly onFailure: (failure: PrivxFailure) => Effect.Effect<void>
  readonly clear: Effect.Effect<void>
}

/** @param text renders a response in one line */
export const progress = Effect.fnUntraced(function* <A>(
  text: (answer: A, style: Style) => string
): Effect.fn.Return<Progress<A>, never, Screen | Scope.Scope> {
  const { err } = yield* Screen
  const live = err.animation ? yield* LiveLine.make(err) : undefined
  const started = performance.now()
  let shown = ""
  let printedAt = -Infinity
  let failing = false
  const tell = (line: string) =>
    Effect.suspend(() => {
      const now = performance.now()
      if (shown === line || now - printedAt < plainInterval) return Effect.void
      shown = line
      printedAt = now
      return err.line(`  ${err.style.sign.dot} ${line}`)
    })
  return {
    onAnswer: (answer) => {
      failing = false
      const line = text(answer, err.style)
      return live === undefined
        ? tell(line)
        : live.show((frame, columns) => draw(err.style, line, frame, columns, performance.now() - started))
    },
    onFailure: (failure) => {
      if (failing) return Effect.void
      failing = true
      const { sign, yellow } = err.style
      return (live?.above ?? err.line)(`  ${yellow(sign.retry)} asking again: ${brief(failure)}`)
    },
    clear: live?.clear ?? Effect.void
  }
})

/** Polls until the response has the requested state, and shows each response. */
export const until = Effect.fnUntraced(function* <A, R>(
  ask: Effect.Effect<A, PrivxFailure, R>,
  {
    text,
    ...options
  }: {
    readonly isDone: (answer: A) => boolean
    readonly interval: Duration.Duration
    readonly text: (answer: A, style: Style) => string
  }
): Effect.fn.Return<A, PrivxFailure, R | Screen | Scope.Scope> {
  const { clear, onAnswer, onFailure } = yield* progress(text)
  const answer = yield* Poll.until(ask, { ...options, onAnswer, onFailure })
  yield* clear
  return answer
})

const draw = (style: Style, line: string, frame: number, columns: number, millis: number): string => {
  const spinner = style.spinner[frame % style.spinner.length] ?? ""
  const time = Text.duration(millis)
  const room = columns - time.length - 6
  return room < 10
    ? Text.cut(`  ${spinner} ${time}`, columns, style.sign.ellipsis)
    : `  ${style.cyan(spinner)} ${style.dim(time)}  ${Text.cut(line, room, style.sign.ellipsis)}`
}
