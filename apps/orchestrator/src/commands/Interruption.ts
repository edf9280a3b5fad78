/**
 * Which signal ends the process. The first asks for an orderly end, in which the run is left so that it can be continued;
 * the second does not wait for it: a run survives that as well, as it survives a power cut.
 */
import * as ExitCode from "../ExitCode.ts"

const signals = { SIGINT: "interrupted", SIGTERM: "terminated" } as const satisfies Partial<
  Record<NodeJS.Signals, ExitCode.Name>
>

let received: keyof typeof signals | undefined

/** Listens for the whole life of the process. */
export const listen = (): void => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (received !== undefined) process.exit(ExitCode.table[signals[signal]].code)
      received = signal
    })
  }
}

let meant = false

/** From now on a signal is how the process is meant to end, and no failure. */
export const isTheEnd = (): void => {
  meant = true
}

/** The exit code of an interrupted process. */
export const exitName = (): (typeof signals)[keyof typeof signals] | "ok" =>
  meant ? "ok" : signals[received ?? "SIGINT"]
