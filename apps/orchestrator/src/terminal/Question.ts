/** Asks the person at the terminal a yes-or-no question. */
import * as Effect from "effect/Effect"
import * as readline from "node:readline/promises"
import type { Pane } from "./Screen.ts"

/** Whether a person can be asked: standard input and standard error are terminals. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** Asks on standard error. Any response other than yes counts as no. */
export const ask = (question: string, err: Pane): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const terminal = readline.createInterface({ input: process.stdin, output: process.stderr })
    const abort = new AbortController()
    const answered = (yes: boolean) => {
      terminal.close()
      // Nothing waits for further input, so the process can exit.
      process.stdin.pause()
      resume(Effect.succeed(yes))
    }
    terminal.question(`${err.style.bold(question)} [y/N] `, { signal: abort.signal }).then(
      (answer) => answered(/^y(es)?$/i.test(answer.trim())),
      () => answered(false)
    )
    // Ctrl-C and the end of the input count as no.
    terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"))
    terminal.once("close", () => abort.abort())
    return Effect.sync(() => terminal.close())
  })
