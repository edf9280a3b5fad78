/**
 * Limits the time of synchronous work.
 *
 * V8 can stop running code from another thread, and `node:vm` exposes this as `timeout`. The timeout covers everything
 * that a script calls, wherever the code is defined. The work therefore needs no separate thread, file or bundle. It
 * blocks the event loop while it runs, for at most the limit.
 */
import { createContext, Script } from "node:vm"

const context: { work: () => void } = { work: () => undefined }
let start: { readonly script: Script; readonly contextified: typeof context } | undefined

/**
 * Returns the result of `work`, or `undefined` if it was stopped because it took longer than `milliseconds`. Errors of
 * `work` are rethrown. Stopped work does not run `finally`, so it must own everything that it changes.
 */
export const withTimeLimit = <A>(milliseconds: number, work: () => A): { readonly value: A } | undefined => {
  start ??= { script: new Script("work()"), contextified: createContext(context) as typeof context }
  let result: { readonly value: A } | undefined
  context.work = () => {
    result = { value: work() }
  }
  try {
    start.script.runInContext(start.contextified, { timeout: milliseconds })
    return result
  } catch (error) {
    // The error comes from the realm of the context, so `instanceof Error` is false here.
    if ((error as { readonly code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined
    throw error
  } finally {
    context.work = () => undefined
  }
}
