/**
 * A limit on how long synchronous work may take.
 *
 * V8 can stop running code from another thread, and `node:vm` is the way to ask for that: whatever a script calls counts
 * for its `timeout`, wherever that code comes from. So the work needs no thread, file or bundle of its own; it does hold
 * the event loop while it runs, at most as long as the limit.
 */
import { createContext, Script } from "node:vm"

const context: { work: () => void } = { work: () => undefined }
let start: { readonly script: Script; readonly contextified: typeof context } | undefined

/**
 * The result of `work`, or `undefined` when it was stopped because it took longer than `milliseconds`. What `work` throws
 * is thrown. Stopped work runs no `finally`: it must own everything it touches.
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
    // An error of the context's own realm: it is no `instanceof Error` here.
    if ((error as { readonly code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined
    throw error
  } finally {
    context.work = () => undefined
  }
}
