/** Prints each warning about settings once, on standard error, without interrupting the command. */
import * as Effect from "effect/Effect"
import type { Pane } from "../terminal/Screen.ts"

export const show = (warnings: ReadonlyArray<string>, err: Pane): Effect.Effect<void> =>
  Effect.forEach(warnings, (warning) => err.line(`${err.style.yellow(err.style.sign.warning)} ${warning}`), {
    discard: true
  })
