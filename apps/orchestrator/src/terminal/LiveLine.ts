/**
 * A line at the bottom of a terminal that is redrawn, with ordinary lines above it. Only for panes that can animate.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Pane } from "./Screen.ts"

export interface LiveLine {
  /** Prints a line above the live one. */
  readonly above: (text: string) => Effect.Effect<void>
  /** Shows the result of `draw` for each frame. `draw` receives the number of the frame and the number of columns. */
  readonly show: (draw: (frame: number, columns: number) => string) => Effect.Effect<void>
  /** Removes the live line. */
  readonly clear: Effect.Effect<void>
}

const erase = "\r\u001b[2K"

/** Fast enough to look animated, and slow enough to cost almost nothing. */
const frameInterval = "80 millis"

/** The line remains on the screen when the scope closes. */
export const make = Effect.fnUntraced(function* (pane: Pane): Effect.fn.Return<LiveLine, never, Scope.Scope> {
  let current: ((frame: number, columns: number) => string) | undefined
  let frame = 0
  const draw = Effect.suspend(() =>
    // The last column stays empty, because a character there would wrap on some terminals.
    current === undefined ? Effect.void : pane.write(erase + current(frame, pane.columns() - 1))
  )
  const clear = Effect.suspend(() => {
    if (current === undefined) return Effect.void
    current = undefined
    return pane.write(erase)
  })
  // A line that is still shown belongs to interrupted work, and its progress is worth keeping.
  yield* Effect.addFinalizer(() => Effect.suspend(() => (current === undefined ? Effect.void : pane.write("\n"))))
  yield* Effect.suspend(() => {
    frame++
    return draw
  }).pipe(Effect.repeat(Schedule.spaced(frameInterval)), Effect.forkScoped)
  return {
    above: (text) =>
      Effect.suspend(() =>
        current === undefined ? pane.line(text) : Effect.andThen(pane.write(`${erase}${text}\n`), draw)
      ),
    show: (next) =>
      Effect.suspend(() => {
        current = next
        return draw
      }),
    clear
  }
})
