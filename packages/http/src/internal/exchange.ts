/**
 * One request and its response over undici, with minimal overhead: a dispatch handler and one timer, without a promise
 * or a Node stream. Interrupting the effect aborts the exchange and, because of HTTP/1.1, closes its socket.
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"
import { TransportError } from "../TransportError.ts"
import type { Peer } from "../Peer.ts"
import { Body, type Consume, type Limits } from "./body.ts"
import * as Platform from "#platform"
import * as ContentCoding from "./contentCoding.ts"
import { FetchController, type RequestDispatcher } from "./fetchDispatcher.ts"
import type { Gate } from "./gate.ts"
import { toTransportError } from "./systemError.ts"

export interface Request {
  readonly operation: string
  readonly origin: string
  readonly dispatcher: RequestDispatcher
  /** See `Connection`. */
  readonly takeAlert: () => Error | undefined
  /** The proxy of the connection, for messages. */
  readonly proxy?: string | undefined
  /** The gate at which the request waits; without one, it is sent at once. */
  readonly gate?: Gate | undefined
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | null
  /**
   * Time limit in milliseconds, from leaving the gate until the response (or the head of a streamed one) has arrived.
   */
  readonly timeout: number
  readonly timeoutReason: "timeout" | "deadline"
  /** Maximum wait at the gate, in milliseconds. */
  readonly patience?: number | undefined
  /** Maximum size of a body that is read into memory. */
  readonly maxBytes: number
  /** Set if a success is streamed instead of read into memory. */
  readonly streaming?: Streaming | undefined
}

export interface Streaming extends Limits {
  /** Whether a range was requested, so that 206 and 416 are expected responses. */
  readonly resumes: boolean
}

interface Head {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

export interface Buffered extends Head {
  readonly _tag: "Buffered"
  readonly body: Uint8Array
  /** Informs the gate that the response is a sign of overload. */
  readonly ticket: number
}

export interface Streamed extends Head {
  readonly _tag: "Streamed"
  readonly stream: Stream.Stream<Uint8Array, TransportError>
  readonly consume: Consume
  /** The certificates of the server, with TLS. */
  readonly peer: Peer | undefined
  /** Discards a body that is no longer needed. */
  readonly abort: () => void
}

export const exchange = (request: Request): Effect.Effect<Buffered | Streamed, TransportError> =>
  Effect.callback((resume) => {
    const handler = new Handler(request, resume)
    handler.start()
    return Effect.sync(() => handler.cancel())
  })

const empty = new Uint8Array(0)

const unpacked = "Find the gateway that compresses responses, and disable compression for PrivX."

/** The complete body, if it was requested. No other response can be streamed. */
const isStreamed = (status: number, streaming: Streaming | undefined): boolean =>
  streaming !== undefined && (status === 200 || (streaming.resumes && (status === 206 || status === 416)))

const cancelled = new Error("cancelled")

class Handler implements Dispatcher.DispatchHandler {
  private readonly request: Request
  private readonly resume: (effect: Effect.Effect<Buffered | Streamed, TransportError>) => void
  private controller: Dispatcher.DispatchController | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private head: Head | undefined
  private body: Body | undefined
  private chunks: Array<Uint8Array> = []
  private bytes = 0
  private settled = false
  private ticket = 0
  private started = false
  private takeBack: (() => void) | undefined
  private codings: ReadonlyArray<string> = []
  private queuedAt = 0
  private socket: unknown
  private peer: Peer | undefined

  constructor(request: Request, resume: (effect: Effect.Effect<Buffered | Streamed, TransportError>) => void) {
    this.request = request
    this.resume = resume
  }

  start() {
    const { gate, patience } = this.request
    if (gate === undefined) return this.dispatch(0)
    this.takeBack = gate.enter((ticket) => this.dispatch(ticket))
    if (this.started || patience === undefined) return
    this.queuedAt = performance.now()
    this.timer = setTimeout(() => this.abort(this.error("deadline", "too many requests are waiting")), patience)
  }

  private dispatch(ticket: number) {
    const { request } = this
    this.ticket = ticket
    this.started = true
    clearTimeout(this.timer)
    let { timeout, timeoutReason } = request
    // The wait at the gate counts towards the deadline, but not towards the timeout of the attempt.
    if (this.queuedAt > 0 && request.patience !== undefined) {
      const left = request.patience - (performance.now() - this.queuedAt)
      if (left <= timeout) {
        timeout = Math.max(1, left)
        timeoutReason = "deadline"
      }
    }
    this.timer = setTimeout(() => this.abort(this.late(timeoutReason)), timeout)
    try {
      request.dispatcher.dispatch(
        {
          origin: request.origin,
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body
        },
        this
      )
    } catch (cause) {
      this.onResponseError(undefined, cause)
    }
  }

  cancel() {
    if (this.body === undefined) this.abort(undefined)
  }

  private abort(failure: TransportError | undefined) {
    if (this.settled) return
    this.settled = true
    this.release()
    // Before the request has been given a socket there is no controller: onRequestStart aborts then.
    this.controller?.abort(cancelled)
    if (failure !== undefined) this.fail(failure)
  }

  /** The message says whether the connection or the response took too long, which helps to find the cause. */
  private late(reason: "timeout" | "deadline"): TransportError {
    const { operation, origin, proxy } = this.request
    if (this.head !== undefined) return this.error(reason, "the response was not complete")
    if (this.controller !== undefined) return this.error(reason, "")
    const detail = "no connection was made"
    return new TransportError({ operation, origin, reason, detail, ...(proxy === undefined ? undefined : { proxy }) })
  }

  private error(reason: TransportError["reason"], detail: string, advice?: string): TransportError {
    const { operation, origin } = this.request
    return new TransportError({ operation, origin, reason, detail, ...(advice === undefined ? undefined : { advice }) })
  }

  /** Ends the exchange; called once. */
  private release() {
    clearTimeout(this.timer)
    this.body?.close()
    if (this.started) this.request.gate?.leave()
    else this.takeBack?.()
  }

  private fail(failure: TransportError) {
    if (this.body !== undefined) this.body.fail(failure)
    else this.resume(Effect.fail(failure))
  }

  onRequestStart(controller: Dispatcher.DispatchController) {
    this.controller = controller
    if (this.settled) return controller.abort(cancelled)
    // Only needed for a body that is used.
    if (this.request.streaming !== undefined && !(controller instanceof FetchController)) Platform.expectSocket(this)
  }

  get method() {
    return this.request.method
  }

  get path() {
    return this.request.path
  }

  onSocket(socket: unknown) {
    this.socket = socket
    this.peer = Platform.peerOf(socket)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders) {
    if (status < 200 || this.settled) return
    const { request } = this
    this.head = { status, headers }
    const streaming = isStreamed(status, request.streaming) ? request.streaming : undefined
    this.codings = ContentCoding.parse(headers["content-encoding"])
    if (streaming !== undefined && this.codings.length > 0 && status !== 416) {
      return this.abort(
        this.error("protocol", `the body is compressed (${this.codings.join(", ")}), which was not requested`, unpacked)
      )
    }
    // An unexpected success: its body is discarded, regardless of its size.
    if (request.streaming !== undefined && streaming === undefined && status < 300) return this.endEarly()
    const limit = streaming?.maxBytes ?? request.maxBytes
    const announced = Number(headers["content-length"] ?? 0)
    if (announced > limit) return this.abort(this.error("tooLarge", `${announced} bytes announced, ${limit} allowed`))
    if (streaming === undefined) return
    clearTimeout(this.timer)
    this.body = new Body({
      controller,
      socket: this.socket,
      limits: { ...streaming, maxBytes: limit },
      stop: (why) => this.abort(why === undefined ? undefined : this.error(why.reason, why.detail))
    })
    const body = this.body
    this.resume(
      Effect.succeed({
        _tag: "Streamed",
        status,
        headers,
        stream: body.stream,
        consume: (sink, onThrow) => body.consume(sink, onThrow),
        peer: this.peer,
        abort: () => {
          if (!body.ended) this.abort(undefined)
        }
      })
    )
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array) {
    if (this.settled) return
    if (this.body !== undefined) return this.body.push(chunk)
    this.bytes += chunk.byteLength
    if (this.bytes > this.request.maxBytes) {
      return this.abort(this.error("tooLarge", `more than ${this.request.maxBytes} bytes`))
    }
    this.chunks.push(chunk)
  }

  /** The head is the response, and the socket is closed. */
  private endEarly() {
    this.abort(undefined)
    this.answer(empty)
  }

  onResponseEnd() {
    const { head } = this
    if (this.settled || head === undefined) return
    this.settled = true
    this.release()
    if (this.body !== undefined) return this.body.end()
    if (this.codings.length === 0) return this.answer(this.whole())
    void Platform.unpack(this.whole(), this.codings, this.request.maxBytes).then((outcome) => {
      if (outcome._tag === "Unpacked") return this.answer(outcome.body)
      // A failure is recognized by its status, even if its body cannot be read.
      if (head.status >= 300) return this.answer(empty)
      const coding = this.codings.join(", ")
      this.resume(
        Effect.fail(
          outcome._tag === "TooLarge"
            ? this.error("tooLarge", `more than ${this.request.maxBytes} bytes when decompressed (${coding})`)
            : this.error("protocol", `the body is compressed (${coding}) and cannot be decompressed`, unpacked)
        )
      )
    })
  }

  private answer(body: Uint8Array) {
    const { head } = this
    if (head === undefined) return
    this.resume(Effect.succeed({ _tag: "Buffered", ...head, body, ticket: this.ticket }))
  }

  private whole(): Uint8Array {
    const [first, ...rest] = this.chunks
    if (first === undefined) return empty
    if (rest.length === 0) return first
    const whole = new Uint8Array(this.bytes)
    let at = 0
    for (const chunk of this.chunks) {
      whole.set(chunk, at)
      at += chunk.byteLength
    }
    return whole
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, cause: unknown) {
    if (this.settled) return
    this.settled = true
    this.release()
    this.fail(
      toTransportError(cause, {
        operation: this.request.operation,
        origin: this.request.origin,
        headReceived: this.head !== undefined,
        alert: this.request.takeAlert()
      })
    )
  }
}
