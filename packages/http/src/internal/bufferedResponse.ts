/** A response in memory as Effect's `HttpClientResponse`, so that an `HttpApi` can decode it. */
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { IncomingHttpHeaders } from "node:http"
import type { Buffered, Streamed } from "./exchange.ts"

abstract class Response extends Inspectable.Class {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  /** The response does not contain its URL: path and query may contain a session id. */
  readonly url = ""
  readonly rawHeaders: IncomingHttpHeaders

  constructor(request: HttpClientRequest.HttpClientRequest, answer: Buffered | Streamed) {
    super()
    this.request = request
    this.status = answer.status
    this.rawHeaders = answer.headers
  }

  get headers(): Headers.Headers {
    return Headers.fromInput(this.rawHeaders)
  }
  get cookies(): Cookies.Cookies {
    const header = this.rawHeaders["set-cookie"]
    return header === undefined ? Cookies.empty : Cookies.fromSetCookie(header)
  }
  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }
  get upgrade(): Effect.Effect<never, HttpClientError.HttpClientError> {
    return this.unsupported("an upgrade")
  }
  get formData(): Effect.Effect<never, HttpClientError.HttpClientError> {
    return this.unsupported("form data")
  }
  protected unsupported(what: string): Effect.Effect<never, HttpClientError.HttpClientError> {
    return Effect.fail(this.decodeError({ description: `the transport does not read ${what} of this response` }))
  }
  protected decodeError(options: { readonly description?: string; readonly cause?: unknown }) {
    return new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request: this.request, response: this.self, ...options })
    })
  }
  protected abstract get self(): HttpClientResponse.HttpClientResponse
  toJSON(): unknown {
    return { _id: "HttpClientResponse", status: this.status }
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
}

export class BufferedResponse extends Response implements HttpClientResponse.HttpClientResponse {
  readonly body: Uint8Array

  constructor(request: HttpClientRequest.HttpClientRequest, answer: Buffered) {
    super(request, answer)
    this.body = answer.body
  }
  protected get self() {
    return this
  }
  get arrayBuffer(): Effect.Effect<ArrayBuffer> {
    const { buffer, byteLength, byteOffset } = this.body
    return Effect.succeed(
      (byteLength === buffer.byteLength
        ? buffer
        : buffer.slice(byteOffset, byteOffset + byteLength)) satisfies ArrayBufferLike as ArrayBuffer
    )
  }
  get text(): Effect.Effect<string> {
    return Effect.sync(() => new TextDecoder().decode(this.body))
  }
  get json(): Effect.Effect<Schema.Json, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: (): Schema.Json => (text === "" ? null : JSON.parse(text)),
        catch: (cause) => this.decodeError({ cause })
      })
    )
  }
  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }
  get stream(): Stream.Stream<Uint8Array> {
    return Stream.make(this.body)
  }
}

export class StreamedResponse extends Response implements HttpClientResponse.HttpClientResponse {
  readonly answer: Streamed

  constructor(request: HttpClientRequest.HttpClientRequest, answer: Streamed) {
    super(request, answer)
    this.answer = answer
  }
  protected get self() {
    return this
  }
  get arrayBuffer() {
    return this.unsupported("the whole body")
  }
  get text() {
    return this.unsupported("the whole body")
  }
  get json() {
    return this.unsupported("the whole body")
  }
  get urlParamsBody() {
    return this.unsupported("the whole body")
  }
  get stream(): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> {
    return Stream.mapError(this.answer.stream, (cause) => this.decodeError({ cause }))
  }
}
