/**
 * The body of a download, between the socket and the one who reads it: as a stream with back-pressure, or straight into a
 * function that takes each chunk.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { Dispatcher } from "undici"
import type { TransportError } from "../TransportError.ts"
import * as SocketReader from "./socketReader.ts"

/** How much waits for its reader before the socket is told to pause. */
const highWaterMark = 1024 * 1024

export interface Limits {
  readonly maxBytes: number
  /** Milliseconds without a byte. */
  readonly stallTimeout: number
  /** Milliseconds for all of it. */
  readonly deadline: number
}

/** Takes a chunk, at once or with a promise; the memory of the chunk is its own only until then. */
export type Sink = (chunk: Uint8Array) => Promise<void> | void

/** See {@link Body.consume}. */
export type Consume = <E>(sink: Sink, onThrow: (cause: unknown) => E) => Effect.Effect<void, TransportError | E>

type Outcome = Effect.Effect<never, TransportError | Cause.Done>
type Taker = (effect: Effect.Effect<readonly [Uint8Array, ...Array<Uint8Array>], TransportError | Cause.Done>) => void

interface Options {
  readonly controller: Dispatcher.DispatchController
  /** What it comes from, where that is known. */
  readonly socket: unknown
  readonly limits: Limits
  /** Ends the exchange, for a reason of the transport or, without one, because the reader gives up. */
  readonly stop: (why?: { readonly reason: TransportError["reason"]; readonly detail: string }) => void
}

export class Body {
  private readonly options: Options
  private readonly stallTimer: NodeJS.Timeout
  private readonly deadlineTimer: NodeJS.Timeout
  private waiting: Array<Uint8Array> = []
  private waitingBytes = 0
  private total = 0
  private outcome: Outcome | undefined
  private taker: Taker | undefined
  private paused = false
  private feeding: Feeding | undefined

  constructor(options: Options) {
    this.options = options
    const { deadline, stallTimeout } = options.limits
    this.stallTimer = setTimeout(() => this.stalled(), stallTimeout)
    this.deadlineTimer = setTimeout(
      () => options.stop({ reason: "deadline", detail: `not whole after ${deadline / 1000} s` }),
      deadline
    )
  }

  get ended() {
    return this.outcome !== undefined
  }

  private stalled() {
    const { limits, stop } = this.options
    // A slow reader is no silent server.
    if (this.paused) this.stallTimer.refresh()
    else stop({ reason: "timeout", detail: `no byte for ${limits.stallTimeout / 1000} s` })
  }

  push(chunk: Uint8Array) {
    const { maxBytes } = this.options.limits
    this.total += chunk.byteLength
    if (this.total > maxBytes) {
      return this.options.stop({ reason: "tooLarge", detail: `more than ${maxBytes} bytes` })
    }
    this.stallTimer.refresh()
    if (this.feeding !== undefined) return this.feeding.take(chunk)
    this.waiting.push(chunk)
    this.waitingBytes += chunk.byteLength
    if (this.taker !== undefined) return this.hand(this.taker)
    if (this.waitingBytes >= highWaterMark) this.pause()
  }

  end() {
    this.settle(Cause.done())
  }

  fail(failure: TransportError) {
    this.settle(Effect.fail(failure))
  }

  /** Nobody will read on. */
  close() {
    clearTimeout(this.stallTimer)
    clearTimeout(this.deadlineTimer)
    SocketReader.endLending(this.options.socket)
  }

  private settle(outcome: Outcome) {
    this.outcome ??= outcome
    if (this.feeding !== undefined) return this.feeding.end()
    if (this.taker !== undefined) this.hand(this.taker)
  }

  private pause() {
    if (this.paused) return
    this.paused = true
    this.options.controller.pause()
  }

  private resume() {
    if (!this.paused) return
    this.paused = false
    this.stallTimer.refresh()
    this.options.controller.resume()
  }

  private hand(taker: Taker) {
    this.taker = undefined
    const [first, ...rest] = this.waiting
    if (first === undefined) return taker(this.outcome ?? Cause.done())
    this.waiting = []
    this.waitingBytes = 0
    this.resume()
    taker(Effect.succeed([first, ...rest]))
  }

  readonly stream: Stream.Stream<Uint8Array, TransportError> = Stream.fromPull(
    Effect.succeed(
      Effect.callback((resume) => {
        if (this.waiting.length > 0 || this.outcome !== undefined) return this.hand(resume)
        this.taker = resume
        return Effect.sync(() => {
          this.taker = undefined
        })
      })
    )
  )

  /**
   * The way past the stream: no effect runs for a chunk, and the socket is not read while the sink works on one. What the
   * sink throws ends the body and is the failure. Nothing is under way in the sink any more when this has ended, however it
   * ends.
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
      SocketReader.lend(this.options.socket)
      this.waitingBytes = 0
      for (const chunk of this.waiting.splice(0)) feeding.take(chunk)
      if (this.outcome !== undefined) feeding.end()
      else if (!feeding.isBusy) this.resume()
      return Effect.promise(() => feeding.stop())
    })
  }
}

interface Listener {
  readonly onBusy: () => void
  readonly onIdle: () => void
  /** Everything that came has been taken. */
  readonly onEnd: () => void
  readonly onThrow: (cause: unknown) => void
}

/** One chunk after another into a sink. */
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
    // What waited before, and what undici still hands out when the connection ends meanwhile.
    if (this.working !== undefined) return void this.queue.push(Buffer.from(chunk))
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

  /** Takes nothing more, and waits for what is under way. */
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
