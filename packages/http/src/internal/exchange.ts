/**
 * One request and its answer over undici, as lean as it can be: a dispatch handler, one timer, no promise, no Node stream.
 * Interrupting the effect aborts the exchange and, HTTP/1.1 being what it is, its socket.
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"
import { TransportError } from "../TransportError.ts"
import * as Peer from "../Peer.ts"
import { Body, type Consume, type Limits } from "./body.ts"
import type { Gate } from "./gate.ts"
import * as SentOn from "./sentOn.ts"
import { toTransportError } from "./systemError.ts"

export interface Request {
  readonly operation: string
  readonly origin: string
  readonly dispatcher: Dispatcher
  /** Where it waits for its turn; without one, it goes out at once. */
  readonly gate?: Gate | undefined
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | null
  /** Milliseconds from its turn until the answer, or the head of a streamed one, must be there. */
  readonly timeout: number
  readonly timeoutReason: "timeout" | "deadline"
  /** Milliseconds that it may wait for its turn. */
  readonly patience?: number | undefined
  /** The largest body that is read into memory. */
  readonly maxBytes: number
  /** Set where a success is to be streamed rather than read. */
  readonly streaming?: Limits | undefined
}

interface Head {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

export interface Buffered extends Head {
  readonly _tag: "Buffered"
  readonly body: Uint8Array
  /** For the gate, when the answer turns out to be a sign of overload. */
  readonly ticket: number
}

export interface Streamed extends Head {
  readonly _tag: "Streamed"
  readonly stream: Stream.Stream<Uint8Array, TransportError>
  readonly consume: Consume
  /** Whom it came from, where TLS says so. */
  readonly peer: Peer.Peer | undefined
  /** Gives up a body that nobody wants any more. */
  readonly abort: () => void
}

export const exchange = (request: Request): Effect.Effect<Buffered | Streamed, TransportError> =>
  Effect.callback((resume) => {
    const handler = new Handler(request, resume)
    handler.start()
    return Effect.sync(() => handler.cancel())
  })

const empty = new Uint8Array(0)
const cancelled = new Error("cancelled")

class Handler implements Dispatcher.DispatchHandler {
  private readonly request: Request
  private readonly resume: (effect: Effect.Effect<Buffered | Streamed, TransportError>) => void
  private controller: Dispatcher.DispatchController | undefined
  private timer: NodeJS.Timeout | undefined
  private head: Head | undefined
  private body: Body | undefined
  private chunks: Array<Uint8Array> = []
  private bytes = 0
  private settled = false
  private ticket = 0
  private started = false
  private takeBack: (() => void) | undefined
  private socket: unknown
  private peer: Peer.Peer | undefined

  constructor(request: Request, resume: (effect: Effect.Effect<Buffered | Streamed, TransportError>) => void) {
    this.request = request
    this.resume = resume
  }

  start() {
    const { gate, patience } = this.request
    if (gate === undefined) return this.dispatch(0)
    this.takeBack = gate.enter((ticket) => this.dispatch(ticket))
    if (this.started || patience === undefined) return
    this.timer = setTimeout(() => this.abort(this.error("deadline", "too many requests are under way")), patience)
  }

  private dispatch(ticket: number) {
    const { request } = this
    this.ticket = ticket
    this.started = true
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.abort(this.error(request.timeoutReason, "")), request.timeout)
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

  private error(reason: TransportError["reason"], detail: string): TransportError {
    return new TransportError({ operation: this.request.operation, origin: this.request.origin, reason, detail })
  }

  /** The end of the exchange, however it came; called once. */
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
    // Only a body that is kept is worth the question.
    if (this.request.streaming !== undefined) SentOn.expect(this)
  }

  get method() {
    return this.request.method
  }

  get path() {
    return this.request.path
  }

  onSocket(socket: unknown) {
    this.socket = socket
    this.peer = Peer.ofSocket(socket)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders) {
    if (status < 200 || this.settled) return
    const { request } = this
    this.head = { status, headers }
    const encoding = headers["content-encoding"] ?? "identity"
    if (encoding !== "identity") {
      // Nothing is unpacked here, so nothing can be packed to burst: what was not asked for is not taken.
      return this.abort(this.error("protocol", `the body is packed (${encoding}), which was not asked for`))
    }
    const streaming = status < 300 ? request.streaming : undefined
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

  onResponseEnd() {
    if (this.settled || this.head === undefined) return
    this.settled = true
    this.release()
    if (this.body !== undefined) return this.body.end()
    this.resume(
      Effect.succeed({
        _tag: "Buffered",
        status: this.head.status,
        headers: this.head.headers,
        body: this.whole(),
        ticket: this.ticket
      })
    )
  }

  private whole(): Uint8Array {
    const [first, ...rest] = this.chunks
    return first === undefined ? empty : rest.length === 0 ? first : Buffer.concat(this.chunks)
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, cause: unknown) {
    if (this.settled) return
    this.settled = true
    this.release()
    this.fail(
      toTransportError(cause, {
        operation: this.request.operation,
        origin: this.request.origin,
        headReceived: this.head !== undefined
      })
    )
  }
}
