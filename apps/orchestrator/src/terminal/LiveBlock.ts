/**
 * Lines at the bottom of a terminal that are redrawn, with ordinary lines above them. Only for panes that can animate.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Pane } from "./Screen.ts"

export interface LiveBlock {
  /** Prints a line above the block. */
  readonly above: (text: string) => Effect.Effect<void>
}

/** These lines show seconds, so a higher rate would show nothing new. */
const frameInterval = "500 millis"

const up = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A`)

/**
 * The block remains on the screen when the scope closes.
 *
 * @param draw returns the lines; receives the number of columns
 */
export const make = Effect.fnUntraced(function* (
  pane: Pane,
  draw: (columns: number) => ReadonlyArray<string>
): Effect.fn.Return<LiveBlock, never, Scope.Scope> {
  let height = 0
  const redraw = (above: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      // The last column stays empty, because a character there would wrap on some terminals.
      const lines = draw(pane.columns() - 1)
      const text = [...above, ...lines].map((line) => `\r\u001b[2K${line}\n`).join("")
      const back = up(height)
      height = lines.length
      // Erases the rest of a previous block with more lines.
      return pane.write(`${back}${text}\u001b[J`)
    })
  yield* Effect.addFinalizer(() => redraw([]))
  yield* Effect.repeat(redraw([]), Schedule.spaced(frameInterval)).pipe(Effect.forkScoped)
  return { above: (text) => redraw([text]) }
})
