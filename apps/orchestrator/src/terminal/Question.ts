/** A question to the person at the terminal, answered with yes or no. */
import * as Effect from "effect/Effect"
import * as readline from "node:readline/promises"
import type { Pane } from "./Screen.ts"

/** Whether a person can be asked: standard input and standard error are a terminal. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** Asks on standard error. Anything but a yes is a no. */
export const ask = (question: string, err: Pane): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const terminal = readline.createInterface({ input: process.stdin, output: process.stderr })
    const abort = new AbortController()
    const answered = (yes: boolean) => {
      terminal.close()
      // Nothing waits for more input, and the process may end.
      process.stdin.pause()
      resume(Effect.succeed(yes))
    }
    terminal.question(`${err.style.bold(question)} [y/N] `, { signal: abort.signal }).then(
      (answer) => answered(/^y(es)?$/i.test(answer.trim())),
      () => answered(false)
    )
    // Ctrl-C and the end of the input are a no.
    terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"))
    terminal.once("close", () => abort.abort())
    return Effect.sync(() => terminal.close())
  })
