/**
 * The body of a download, between the socket and the one who reads it: as a stream with back-pressure, or straight into a
 * function that takes each chunk at once.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { Dispatcher } from "undici"
import type { TransportError } from "../TransportError.ts"

/** How much waits for its reader before the socket is told to pause. */
const highWaterMark = 1024 * 1024

/** See {@link Body.consume}. */
export type Consume = <E>(
  sink: (chunk: Uint8Array) => void,
  onThrow: (cause: unknown) => E
) => Effect.Effect<void, TransportError | E>

/** Ends the exchange, for a reason of the transport or, without one, because the reader gives up. */
type Stop = (why?: { readonly reason: TransportError["reason"]; readonly detail: string }) => void

type Taker = (effect: Effect.Effect<readonly [Uint8Array, ...Array<Uint8Array>], TransportError | Cause.Done>) => void

export class Body {
  private readonly controller: Dispatcher.DispatchController
  private readonly maxBytes: number
  private readonly stop: Stop
  private readonly stallTimer: NodeJS.Timeout
  private readonly stallTimeout: number
  private waiting: Array<Uint8Array> = []
  private waitingBytes = 0
  private total = 0
  private outcome: Effect.Effect<never, TransportError | Cause.Done> | undefined
  private taker: Taker | undefined
  private paused = false
  private sink: ((chunk: Uint8Array) => void) | undefined

  constructor(controller: Dispatcher.DispatchController, maxBytes: number, stallTimeout: number, stop: Stop) {
    this.controller = controller
    this.maxBytes = maxBytes
    this.stop = stop
    this.stallTimeout = stallTimeout
    this.stallTimer = setTimeout(() => this.stalled(), stallTimeout)
  }

  get ended() {
    return this.outcome !== undefined
  }

  /** Nobody will read on. */
  close() {
    clearTimeout(this.stallTimer)
  }

  private stalled() {
    // A slow reader is no silent server.
    if (this.paused) this.stallTimer.refresh()
    else this.stop({ reason: "timeout", detail: `no byte for ${this.stallTimeout / 1000} s` })
  }

  push(chunk: Uint8Array) {
    this.total += chunk.byteLength
    if (this.total > this.maxBytes) return this.stop({ reason: "tooLarge", detail: `more than ${this.maxBytes} bytes` })
    this.stallTimer.refresh()
    if (this.sink !== undefined) return this.sink(chunk)
    this.waiting.push(chunk)
    this.waitingBytes += chunk.byteLength
    if (this.taker !== undefined) return this.hand(this.taker)
    if (this.waitingBytes >= highWaterMark && !this.paused) {
      this.paused = true
      this.controller.pause()
    }
  }

  end() {
    this.settle(Cause.done())
  }

  fail(failure: TransportError) {
    this.settle(Effect.fail(failure))
  }

  private settle(outcome: Effect.Effect<never, TransportError | Cause.Done>) {
    clearTimeout(this.stallTimer)
    this.outcome ??= outcome
    if (this.taker !== undefined) this.hand(this.taker)
  }

  private hand(taker: Taker) {
    this.taker = undefined
    const [first, ...rest] = this.waiting
    if (first === undefined) return taker(this.outcome ?? Cause.done())
    this.waiting = []
    this.waitingBytes = 0
    if (this.paused) {
      this.paused = false
      this.controller.resume()
    }
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
   * The way past the stream for whoever can take a chunk at once: no effect runs for a chunk, and back-pressure is that the
   * socket is not read while the sink works. What the sink throws ends the body and is the failure.
   */
  consume<E>(
    sink: (chunk: Uint8Array) => void,
    onThrow: (cause: unknown) => E
  ): Effect.Effect<void, TransportError | E> {
    return Effect.callback<void, TransportError | E>((resume) => {
      const guarded = (chunk: Uint8Array) => {
        if (this.sink !== guarded) return
        try {
          sink(chunk)
        } catch (cause) {
          this.sink = nothing
          this.stop()
          resume(Effect.fail(onThrow(cause)))
        }
      }
      const finish = (effect: Effect.Effect<unknown, TransportError | Cause.Done>) =>
        resume(Pull.catchDone(Effect.asVoid(effect), () => Effect.void))
      this.sink = guarded
      for (const chunk of this.waiting.splice(0)) guarded(chunk)
      if (this.outcome !== undefined) return finish(this.outcome)
      this.taker = finish
      if (this.paused) {
        this.paused = false
        this.controller.resume()
      }
      return Effect.sync(() => {
        this.taker = undefined
        this.sink = nothing
      })
    })
  }
}

const nothing = () => {}
