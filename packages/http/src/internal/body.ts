/**
 * The body of a download, between the socket and its reader: as a stream with back-pressure, or passed directly to a
 * function that takes each chunk.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { Dispatcher } from "undici"
import type { TransportError } from "../TransportError.ts"
import * as Platform from "#platform"
import { IdleTimer } from "./idleTimer.ts"

/** How many bytes are buffered for the reader before the socket is paused. */
const highWaterMark = 1024 * 1024

/**
 * Buffered bytes are combined into blocks of this size: reading a chunk from the stream costs much more than copying
 * it.
 */
const blockBytes = 256 * 1024

export interface Limits {
  readonly maxBytes: number
  /** Maximum time without a byte, in milliseconds. */
  readonly stallTimeout: number
  /** Minimum bytes per second over each `stallTimeout`; 0 for no minimum. */
  readonly minThroughput: number
  /** Time limit of the body, in milliseconds. */
  readonly deadline: number
}

/** Takes a chunk, synchronously or with a promise. The memory of the chunk is reused afterwards. */
export type Sink = (chunk: Uint8Array) => Promise<void> | void

/** See {@link Body.consume}. */
export type Consume = <E>(sink: Sink, onThrow: (cause: unknown) => E) => Effect.Effect<void, TransportError | E>

type Outcome = Effect.Effect<never, TransportError | Cause.Done>
type Taker = (effect: Effect.Effect<readonly [Uint8Array, ...Array<Uint8Array>], TransportError | Cause.Done>) => void

interface Options {
  readonly controller: Dispatcher.DispatchController
  /** The underlying exception, if known. */
  readonly socket: unknown
  readonly limits: Limits
  /** Ends the exchange, for the given reason or, without one, because the reader stops. */
  readonly stop: (why?: { readonly reason: TransportError["reason"]; readonly detail: string }) => void
}

export class Body {
  private readonly options: Options
  private readonly stallTimer: IdleTimer
  private readonly deadlineTimer: ReturnType<typeof setTimeout>
  private readonly throughputTimer: ReturnType<typeof setInterval> | undefined
  private waiting = new Blocks()
  private inWindow = 0
  private pausedAt = 0
  private pausedMillis = 0
  private total = 0
  private outcome: Outcome | undefined
  private taker: Taker | undefined
  private paused = false
  private feeding: Feeding | undefined

  constructor(options: Options) {
    this.options = options
    const { deadline, minThroughput, stallTimeout } = options.limits
    // Received bytes are copied here at once, or processed by the sink of `consume`.
    Platform.lend(options.socket)
    if (minThroughput > 0) this.throughputTimer = setInterval(() => this.measure(), stallTimeout)
    this.stallTimer = new IdleTimer(() => this.stalled(), stallTimeout)
    this.deadlineTimer = setTimeout(
      () => options.stop({ reason: "deadline", detail: `the body was not complete after ${seconds(deadline)} s` }),
      deadline
    )
  }

  get ended() {
    return this.outcome !== undefined
  }

  private stalled() {
    const { limits, stop } = this.options
    // A slow reader does not mean a silent server.
    if (this.paused) this.stallTimer.restart()
    else stop({ reason: "timeout", detail: `no byte for ${seconds(limits.stallTimeout)} s` })
  }

  /** Whether the throughput was sufficient in the time in which the reader kept up. */
  private measure() {
    const { limits, stop } = this.options
    const now = performance.now()
    if (this.paused) {
      this.pausedMillis += now - this.pausedAt
      this.pausedAt = now
    }
    const open = Math.max(0, limits.stallTimeout - this.pausedMillis)
    const came = this.inWindow
    this.inWindow = 0
    this.pausedMillis = 0
    // If the reader blocked most of the time, the rest is too short to judge.
    if (open * 2 < limits.stallTimeout || came * 1000 >= limits.minThroughput * open) return
    const least = `the minimum is ${limits.minThroughput} bytes per second`
    stop({ reason: "timeout", detail: `only ${came} bytes in ${seconds(limits.stallTimeout)} s; ${least}` })
  }

  push(chunk: Uint8Array) {
    const { maxBytes } = this.options.limits
    this.total += chunk.byteLength
    if (this.total > maxBytes) {
      return this.options.stop({ reason: "tooLarge", detail: `more than ${maxBytes} bytes` })
    }
    this.inWindow += chunk.byteLength
    this.stallTimer.restart()
    if (this.feeding !== undefined) return this.feeding.take(chunk)
    const { taker } = this
    if (taker !== undefined) {
      this.taker = undefined
      return taker(Effect.succeed([chunk.slice()]))
    }
    this.waiting.add(chunk)
    if (this.waiting.bytes >= highWaterMark) this.pause()
  }

  end() {
    this.settle(Cause.done())
  }

  fail(failure: TransportError) {
    this.settle(Effect.fail(failure))
  }

  /** The reader has stopped. */
  close() {
    this.stallTimer.stop()
    clearTimeout(this.deadlineTimer)
    clearInterval(this.throughputTimer)
    Platform.endLending(this.options.socket)
  }

  private settle(outcome: Outcome) {
    this.outcome ??= outcome
    if (this.feeding !== undefined) return this.feeding.end()
    if (this.taker !== undefined) this.hand(this.taker)
  }

  private pause() {
    if (this.paused) return
    this.paused = true
    this.pausedAt = performance.now()
    this.options.controller.pause()
  }

  private resume() {
    if (!this.paused) return
    this.paused = false
    this.pausedMillis += performance.now() - this.pausedAt
    this.stallTimer.restart()
    this.options.controller.resume()
  }

  private hand(taker: Taker) {
    this.taker = undefined
    taker(this.take() ?? this.outcome ?? Cause.done())
  }

  private take(): Effect.Effect<readonly [Uint8Array, ...Array<Uint8Array>]> | undefined {
    const [first, ...rest] = this.waiting.take()
    if (first === undefined) return undefined
    this.resume()
    return Effect.succeed([first, ...rest])
  }

  readonly stream: Stream.Stream<Uint8Array, TransportError> = Stream.fromPull(
    Effect.succeed(
      Effect.suspend(
        () =>
          this.take() ??
          this.outcome ??
          Effect.callback((resume) => {
            this.taker = resume
            return Effect.sync(() => {
              this.taker = undefined
            })
          })
      )
    )
  )

  /**
   * The alternative to the stream: no effect runs for a chunk, and the socket is not read while the sink processes one.
   * An exception of the sink ends the body and is the failure. When this effect ends, the sink is no longer running.
   */
  consume<E>(sink: Sink, onThrow: (cause: unknown) => E): Effect.Effect<void, TransportError | E> {
    return Effect.callback<void, TransportError | E>((resume) => {
      const feeding = new Feeding(sink, {
        onBusy: () => this.pause(),
        onIdle: () => {
          if (this.outcome === undefined) this.resume()
        },
        onEnd: () => resume(Pull.catchDone(Effect.asVoid(this.outcome ?? Cause.done()), () => Effect.void)),
        onThrow: (cause) => {
          this.options.stop()
          resume(Effect.fail(onThrow(cause)))
        }
      })
      this.feeding = feeding
      for (const chunk of this.waiting.take()) feeding.take(chunk)
      if (this.outcome !== undefined) feeding.end()
      else if (!feeding.isBusy) this.resume()
      return Effect.promise(() => feeding.stop())
    })
  }
}

const seconds = (millis: number): number => Math.round(millis / 100) / 10

/** Received bytes, copied into blocks. */
class Blocks {
  private full: Array<Uint8Array> = []
  private block: Uint8Array | undefined
  private used = 0
  bytes = 0

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength
    for (let from = 0; from < chunk.byteLength;) {
      this.block ??= new Uint8Array(Math.max(blockBytes, chunk.byteLength - from))
      const piece = chunk.subarray(from, from + this.block.byteLength - this.used)
      this.block.set(piece, this.used)
      this.used += piece.byteLength
      from += piece.byteLength
      if (this.used === this.block.byteLength) this.end()
    }
  }

  take(): ReadonlyArray<Uint8Array> {
    this.end()
    const taken = this.full
    this.full = []
    this.bytes = 0
    return taken
  }

  private end(): void {
    if (this.block === undefined || this.used === 0) return
    const part = this.block.subarray(0, this.used)
    // A small chunk must not retain the memory of a whole block.
    const isWorthIt = this.used * 2 >= this.block.byteLength
    this.full.push(isWorthIt ? part : part.slice())
    // The rest of the block is used for further bytes.
    this.block = isWorthIt ? undefined : this.block
    this.used = 0
  }
}

interface Listener {
  readonly onBusy: () => void
  readonly onIdle: () => void
  /** Every received byte has been taken. */
  readonly onEnd: () => void
  readonly onThrow: (cause: unknown) => void
}

/** Passes one chunk after another to a sink. */
class Feeding {
  private readonly sink: Sink
  private readonly listener: Listener
  private readonly queue: Array<Uint8Array> = []
  private working: Promise<void> | undefined
  private isEnded = false
  private isStopped = false

  constructor(sink: Sink, listener: Listener) {
    this.sink = sink
    this.listener = listener
  }

  get isBusy() {
    return this.working !== undefined
  }

  take(chunk: Uint8Array) {
    if (this.isStopped) return
    // Buffered chunks, and those that undici still delivers when the connection ends.
    if (this.working !== undefined) return void this.queue.push(chunk.slice())
    try {
      const result = this.sink(chunk)
      if (result !== undefined) this.wait(result)
    } catch (cause) {
      this.fail(cause)
    }
  }

  end() {
    this.isEnded = true
    if (this.working === undefined && !this.isStopped) this.listener.onEnd()
  }

  /** Takes no more chunks, and waits for the current one. */
  async stop(): Promise<void> {
    this.isStopped = true
    await this.working
  }

  private wait(result: Promise<void>) {
    this.working = result.then(
      () => this.next(),
      (cause: unknown) => {
        this.working = undefined
        this.fail(cause)
      }
    )
    this.listener.onBusy()
  }

  private next() {
    this.working = undefined
    for (let chunk = this.queue.shift(); chunk !== undefined; chunk = this.queue.shift()) {
      this.take(chunk)
      if (this.isBusy) return
    }
    if (this.isStopped) return
    if (this.isEnded) this.listener.onEnd()
    else this.listener.onIdle()
  }

  private fail(cause: unknown) {
    if (this.isStopped) return
    this.isStopped = true
    this.listener.onThrow(cause)
  }
}
