/**
 * Executes the action of a fault. Answers are ordinary responses. Transfers use Node's response object, because they
 * send bytes that a correct server would refuse to send.
 */
import type * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as Http from "node:http"
import type { Socket } from "node:net"
import type { Answer, RetryAfter, Transfer } from "../FaultAction.ts"
import type { Exchange } from "./recorder.ts"
import * as ErrorResponse from "./errorResponse.ts"

/** The response that replaces the real one. */
export const answer = (action: Answer, now: number): HttpServerResponse.HttpServerResponse => {
  switch (action._tag) {
    case "Error":
      return ErrorResponse.make(action.status, bodyOfError(action), retryAfter(action.retryAfter, now))
    case "Empty":
      return HttpServerResponse.empty({
        status: action.status,
        headers: { ...retryAfter(action.retryAfter, now), "content-length": "0" }
      })
    case "Html":
      return HttpServerResponse.text(action.body ?? proxyPage(action.status), {
        status: action.status,
        headers: retryAfter(action.retryAfter, now),
        contentType: "text/html; charset=utf-8"
      })
    case "Malformed":
      return HttpServerResponse.text('{"error_code":"GENERAL_ERROR","error_mess', {
        status: action.status,
        contentType: "application/json"
      })
    case "Json":
      return HttpServerResponse.text(JSON.stringify(action.body), {
        status: action.status,
        headers: retryAfter(action.retryAfter, now),
        contentType: "application/json"
      })
    case "Redirect":
      return HttpServerResponse.redirect(action.location, {
        status: action.status,
        headers: { "content-length": "0" }
      })
  }
}

const bodyOfError = (action: Extract<Answer, { _tag: "Error" }>): ErrorBody.ErrorBody => ({
  error_code: action.code,
  ...(action.message === undefined ? undefined : { error_message: action.message }),
  ...(action.property === undefined ? undefined : { property: action.property }),
  ...(action.details === undefined ? undefined : { details: action.details })
})

const retryAfter = (value: RetryAfter | undefined, now: number): Record<string, string> => {
  if (value === undefined) return {}
  if (value.form === "seconds") return { "retry-after": String(value.seconds) }
  // An HTTP date has whole seconds. It is rounded up, so that the wait is never too short.
  return { "retry-after": new Date(Math.ceil(now / 1_000 + value.seconds) * 1_000).toUTCString() }
}

const proxyPage = (status: number): string =>
  `<!DOCTYPE html>\n<html>\n<head><title>${status} ${Http.STATUS_CODES[status] ?? ""}</title></head>\n` +
  `<body>\n<center><h1>${status} ${Http.STATUS_CODES[status] ?? ""}</h1></center>\n` +
  `<hr><center>simulated proxy</center>\n</body>\n</html>\n`

export interface Way {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly exchange: Exchange | undefined
  /** Breaks the connection with a TCP reset. */
  readonly reset: (socket: Socket) => void
}

/**
 * Damages the transfer of a response. If it writes the response itself, it does not return: the end of the connection
 * interrupts it.
 */
export const transfer = Effect.fnUntraced(function* (
  action: Transfer,
  response: HttpServerResponse.HttpServerResponse,
  way: Way
) {
  const { status } = response
  const { "content-length": _, ...headers } = response.headers
  const body = yield* bytesOf(response)
  const announcing = (length: number) => ({ status, headers: { ...headers, "content-length": String(length) } })
  switch (action._tag) {
    case "Delay":
      yield* Effect.sleep(action.by)
      return response
    case "Stall":
      if (action.after === undefined) return yield* Effect.never
      return yield* write(way, announcing(body.length), body.subarray(0, action.after), () => {})
    case "Reset":
      if (action.after === undefined) return yield* reset(way)
      return yield* write(way, announcing(body.length), body.subarray(0, action.after), way.reset)
    case "Truncate": {
      const head = action.framing === "length" ? announcing(body.length) : { status, headers }
      return yield* write(way, head, body.subarray(0, action.after), close)
    }
    case "WrongLength":
      return yield* write(way, announcing(Math.max(0, body.length + action.by)), body, close)
    case "CloseDelimited":
      return yield* write(way, { status, headers, delimited: true }, body.subarray(0, action.after), close)
    case "Slow":
      return HttpServerResponse.stream(slowly(body, action, way.exchange), announcing(body.length))
  }
})

const bytesOf = ({ body }: HttpServerResponse.HttpServerResponse): Effect.Effect<Uint8Array> =>
  body._tag === "Uint8Array"
    ? Effect.succeed(body.body)
    : body._tag === "Stream"
      ? Effect.map(Stream.runCollect(Stream.orDie(body.stream)), (chunks) => Buffer.concat(chunks))
      : body._tag === "Empty"
        ? Effect.succeed(new Uint8Array(0))
        : Effect.die(new Error(`a transfer fault cannot be played on a ${body._tag} body`))

const slowly = (
  body: Uint8Array,
  { bytes, every }: { readonly bytes: number; readonly every: Duration.Duration },
  exchange: Exchange | undefined
): Stream.Stream<Uint8Array> =>
  Stream.range(0, Math.ceil(body.length / bytes) - 1).pipe(
    Stream.rechunk(1),
    Stream.mapEffect(
      Effect.fnUntraced(function* (index) {
        if (index > 0) yield* Effect.sleep(every)
        const portion = body.subarray(index * bytes, (index + 1) * bytes)
        if (exchange !== undefined) exchange.sentBytes += portion.length
        return portion
      })
    )
  )

interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Without length and chunked encoding, the end of the connection delimits the body. */
  readonly delimited?: boolean
}

/** Writes a head and some bytes, and then acts on the connection. */
const write = (way: Way, head: Head, bytes: Uint8Array, afterwards: (socket: Socket) => void): Effect.Effect<never> =>
  Effect.callback<never>(() => {
    const node = nodeResponse(way.request)
    if (head.delimited === true) {
      node.shouldKeepAlive = false
      node.useChunkedEncodingByDefault = false
    }
    node.writeHead(head.status, head.headers)
    node.write(bytes, () => {
      if (node.socket !== null) afterwards(node.socket)
    })
    if (way.exchange !== undefined) {
      way.exchange.status = head.status
      way.exchange.sentBytes = bytes.length
    }
  })

const reset = (way: Way): Effect.Effect<never> =>
  Effect.callback<never>(() => {
    const { socket } = nodeResponse(way.request)
    if (socket !== null) way.reset(socket)
  })

const close = (socket: Socket): void => socket.destroySoon()

const nodeResponse = (request: HttpServerRequest.HttpServerRequest): Http.ServerResponse => {
  const response = NodeHttpServerRequest.toServerResponse(request)
  if (response instanceof Http.ServerResponse) return response
  throw new Error("the simulator speaks HTTP/1.1 only")
}
