/**
 * Runs the effects of a client as promises and async iterables, with a signal, errors instead of failures, and the
 * caller's stack.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { AbortError, fromFailure, isFailure, PrivxError } from "../PrivxError.ts"

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** The call site, for the stack of the error; formatted only when it is read. */
const callSite = (below: (...args: Array<never>) => unknown): { readonly stack?: string } => {
  const site = {}
  Error.captureStackTrace(site, below)
  return site
}

const framesOf = ({ stack = "" }: { readonly stack?: string }): string => {
  const first = stack.indexOf("\n    at ")
  return first === -1 ? "" : stack.slice(first)
}

const located = <E extends Error>(error: E, site: { readonly stack?: string }): E => {
  Object.defineProperty(error, "stack", {
    value: `${error.name}: ${error.message}${error instanceof PrivxError ? `\n  ${error.hint}` : ""}${framesOf(site)}`,
    configurable: true,
    enumerable: false,
    writable: true
  })
  return error
}

/** The error to reject with. An exception that is not a failure of the kit is a bug and is not converted. */
const errorOf = (error: unknown): unknown => (isFailure(error) ? fromFailure(error) : error)

export class Runner<R> {
  private readonly runtime: ManagedRuntime.ManagedRuntime<R, never>
  private closing: Promise<void> | undefined

  constructor(runtime: ManagedRuntime.ManagedRuntime<R, never>) {
    this.runtime = runtime
  }

  close(): Promise<void> {
    this.closing ??= this.runtime.dispose()
    return this.closing
  }

  private closedError(operation: string): PrivxError | undefined {
    if (this.closing === undefined) return undefined
    return new PrivxError(`${operation} failed: this client is closed.`, {
      code: "CLOSED",
      operation,
      hint: "Make the call before close(), or use another client."
    })
  }

  /** @param below the function that the user called: the stack starts at its caller */
  async run<A>(
    operation: string,
    effect: Effect.Effect<A, unknown, R>,
    { signal }: CallOptions,
    below: (...args: Array<never>) => unknown
  ): Promise<A> {
    const site = callSite(below)
    const closed = this.closedError(operation)
    if (closed !== undefined) throw located(closed, site)
    const isAborted = () => signal?.aborted === true
    if (isAborted()) throw located(new AbortError(operation, signal?.reason), site)
    const exit = await this.runtime.runPromiseExit(effect, signal === undefined ? undefined : { signal })
    if (Exit.isSuccess(exit)) return exit.value
    if (Cause.hasInterruptsOnly(exit.cause)) {
      const error = isAborted() ? new AbortError(operation, signal?.reason) : this.closedError(operation)
      if (error !== undefined) throw located(error, site)
    }
    const error = errorOf(Cause.squash(exit.cause))
    throw error instanceof PrivxError ? located(error, site) : error
  }

  /** The stream starts when the first chunk is requested. Each loop over the iterable is a separate call. */
  stream(
    operation: string,
    stream: Stream.Stream<Uint8Array, unknown, R>,
    { signal }: CallOptions,
    below: (...args: Array<never>) => unknown
  ): AsyncIterable<Uint8Array> {
    const site = callSite(below)
    return { [Symbol.asyncIterator]: () => this.iterate(operation, stream, signal, site) }
  }

  private iterate(
    operation: string,
    stream: Stream.Stream<Uint8Array, unknown, R>,
    signal: AbortSignal | undefined,
    site: { readonly stack?: string }
  ): AsyncIterator<Uint8Array> {
    let inner: AsyncIterator<Uint8Array> | undefined
    let ended = false
    let onAbort: (() => void) | undefined
    const end = () => {
      ended = true
      if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort)
    }
    const aborted = new Promise<never>((_, reject) => {
      if (signal === undefined) return
      onAbort = () => {
        void inner?.return?.()
        reject(located(new AbortError(operation, signal.reason), site))
      }
      signal.addEventListener("abort", onAbort, { once: true })
      if (signal.aborted) onAbort()
    })
    aborted.catch(() => undefined)
    const begin = async () => {
      const closed = this.closedError(operation)
      if (closed !== undefined) throw closed
      inner ??= Stream.toAsyncIterableWith(stream, await this.runtime.context())[Symbol.asyncIterator]()
      return await inner.next()
    }
    return {
      next: async () => {
        if (ended) return { done: true, value: undefined }
        try {
          const result = await Promise.race(signal?.aborted === true ? [aborted] : [aborted, begin()])
          if (result.done === true) end()
          return result
        } catch (cause) {
          end()
          const error = errorOf(cause)
          throw error instanceof PrivxError ? located(error, site) : error
        }
      },
      return: async () => {
        end()
        await inner?.return?.()
        return { done: true, value: undefined }
      }
    }
  }
}
