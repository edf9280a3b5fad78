/** Warnings about settings: said once, on standard error, and never in the way of the work. */
import * as Effect from "effect/Effect"
import type { Pane } from "../terminal/Screen.ts"

export const show = (warnings: ReadonlyArray<string>, err: Pane): Effect.Effect<void> =>
  Effect.forEach(warnings, (warning) => err.line(`${err.style.yellow(err.style.sign.warning)} ${warning}`), {
    discard: true
  })
