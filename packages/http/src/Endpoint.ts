/**
 * Turns an endpoint of a domain's `HttpApi` into a function on the transport: {@link call} where the answer is read whole,
 * {@link download} where it is a stream of bytes. What the transport must know of the endpoint is its `Operation` annotation.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ContentRange from "./ContentRange.ts"
import type { Download, Rest } from "./Download.ts"
import * as JsonSuccess from "./internal/jsonSuccess.ts"
import { suggestedName } from "./internal/suggestedName.ts"
import { BufferedResponse, StreamedResponse } from "./internal/bufferedResponse.ts"
import { type Definition, Operation } from "./Operation.ts"
import { PrivxFailure } from "./PrivxFailure.ts"
import { PrivxMiddleware } from "./PrivxMiddleware.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import { Transport } from "./Transport.ts"
import { TransportError } from "./TransportError.ts"

/**
 * How a stream is asked for; set by {@link download} around the generated client, which has no argument for it. `undefined`
 * where the answer is to be read whole.
 */
const Streaming = Context.Reference<{ readonly rest: Rest | undefined } | undefined>(
  "@privx-kit/http/Endpoint/Streaming",
  { defaultValue: () => undefined }
)

/** `HttpApiClient` wants a client, but the middleware answers before it is asked. */
const unreachable = HttpClient.make(() => Effect.die("the transport answers in the place of the HttpClient"))

const middleware = (transport: Transport["Service"]): Layer.Layer<HttpApiMiddleware.ForClient<PrivxMiddleware>> =>
  HttpApiMiddleware.layerClient(PrivxMiddleware, ({ endpoint, request }) =>
    Effect.flatMap(Streaming, (streaming) =>
      transport.execute(Context.getUnsafe(endpoint.annotations, Operation), withRange(request, streaming?.rest), {
        template: endpoint.path,
        streaming: streaming !== undefined
      })
    )
  )

const withRange = (
  request: HttpClientRequest.HttpClientRequest,
  rest: Rest | undefined
): HttpClientRequest.HttpClientRequest =>
  rest === undefined
    ? request
    : HttpClientRequest.setHeaders(request, { range: `bytes=${rest.from}-`, "if-range": rest.strongETag })

/**
 * An endpoint of a group of an api, by name.
 *
 * @since 0.1.0
 * @category models
 */
export type EndpointOf<
  Groups extends HttpApiGroup.Constraint,
  Group extends HttpApiGroup.Identifier<Groups>,
  Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
> = Extract<
  HttpApiEndpoint.WithIdentifier<HttpApiGroup.EndpointsWithIdentifier<Groups, Group>, Name>,
  HttpApiEndpoint.ConstraintRequest
>

/**
 * What an endpoint is called with: its `params`, `query`, `headers` and `payload`, where it has them.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestOf<Endpoint extends HttpApiEndpoint.ConstraintRequest> = HttpApiEndpoint.ClientRequest<
  Endpoint["~Params"],
  Endpoint["~Query"],
  Endpoint["~Payload"],
  Endpoint["~Headers"],
  "response-only"
>

interface Declared {
  readonly operation: Definition
  /** Whether the api declares a success without content. */
  readonly noContent: boolean
  readonly decodeJson: JsonSuccess.Decode
}

interface Sender extends Declared {
  readonly origin: string
  readonly deadline: Duration.Duration
  readonly send: (request: unknown) => Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure>
}

/**
 * The generated client of one endpoint, answering with the bare response. Its type declares more failures than can occur,
 * because everything but a success has become a `PrivxFailure` in the middleware: here, and only here, it is narrowed.
 */
const sender = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Group extends HttpApiGroup.Identifier<Groups>,
  const Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: Group; readonly endpoint: Name }
): Effect.Effect<Sender, never, Transport> =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const { decodeJson, noContent, operation } = declared(api, which)
    const invalid = new TransportError({
      operation: operation.name,
      origin: transport.origin,
      reason: "invalidRequest",
      detail: "a value does not fit what the endpoint takes"
    })
    const generated = HttpApiClient.endpoint(api, { ...which, httpClient: unreachable }) as unknown as Effect.Effect<
      (request: object) => Effect.Effect<HttpClientResponse.HttpClientResponse, unknown>,
      never,
      HttpApiMiddleware.ForClient<PrivxMiddleware>
    >
    const method = yield* Effect.provide(generated, middleware(transport))
    return {
      operation,
      origin: transport.origin,
      deadline: transport.downloadDeadline,
      noContent,
      decodeJson,
      send: (request) =>
        Effect.catchCause(method({ ...(request as object), responseMode: "response-only" }), (cause) =>
          isRefusedParameter(cause)
            ? Effect.fail(invalid)
            : Effect.failCause(Cause.map(cause, (error) => (isPrivxFailure(error) ? error : invalid)))
        )
    }
  })

/** The generated client throws at `.` and `..` in the place of a parameter, because they would lead to another path. */
const isRefusedParameter = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some(
    (reason) =>
      reason._tag === "Die" &&
      reason.defect instanceof Error &&
      reason.defect.message.startsWith("Invalid path parameter")
  )

const isPrivxFailure = Schema.is(PrivxFailure)

const declared = <ApiId extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: string; readonly endpoint: string }
): Declared => {
  let found: Declared | undefined
  HttpApi.reflect(api, {
    predicate: ({ endpoint, group }) => group.identifier === which.group && endpoint.identifier === which.endpoint,
    onGroup: () => {},
    onEndpoint: ({ endpoint, mergedAnnotations, successes }) => {
      found = {
        operation: Context.getUnsafe(endpoint.annotations, Operation),
        noContent: [...endpoint.success].every((schema) => HttpApiSchema.isNoContent(schema.ast)),
        decodeJson: JsonSuccess.make({ mergedAnnotations, successes })
      }
    }
  })
  if (found === undefined) throw new Error(`the api has no endpoint ${which.group}.${which.endpoint}`)
  return found
}

/**
 * The function behind an endpoint whose answer is read whole. Its failures are those of every operation, and nothing else:
 * a value that does not fit the endpoint's schemas is a `TransportError` (`invalidRequest`), a success that does not is an
 * `UnexpectedResponse`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const call = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Group extends HttpApiGroup.Identifier<Groups>,
  const Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: Group; readonly endpoint: Name }
): Effect.Effect<
  (
    request: RequestOf<EndpointOf<Groups, Group, Name>>
  ) => Effect.Effect<HttpApiClient.SuccessType<EndpointOf<Groups, Group, Name>["~Success"]>, PrivxFailure>,
  never,
  Transport
> =>
  Effect.map(sender(api, which), ({ decodeJson, noContent, operation, send }) => {
    // Where the reference gives a success no schema, whatever comes with it is none of ours.
    if (noContent) return (request) => Effect.asVoid(send(request)) as never
    const decode = HttpApiClient.decodeResponse(api, which)
    return (request) =>
      Effect.flatMap(send(request), (response) => {
        const decoded = response instanceof BufferedResponse ? decodeJson(response.status, response.body) : undefined
        if (decoded === "notJson") return Effect.fail(unusable(operation, response))
        return decoded ?? Effect.mapError(decode(response), (): PrivxFailure => unusable(operation, response))
      }) as never
  })

const unusable = (operation: Definition, response: HttpClientResponse.HttpClientResponse): PrivxFailure =>
  ResponseFailure.unusableSuccess({
    operation: operation.name,
    status: response.status,
    headers: response.headers,
    body: response instanceof BufferedResponse ? response.body : new Uint8Array(0),
    now: 0
  })

/**
 * The function behind an endpoint whose answer is a stream of bytes: it answers when the head has come. Closing the scope
 * gives up what has not been read. With a second argument it asks for the rest of a body that was read in part.
 *
 * @since 0.1.0
 * @category constructors
 */
export const download = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Group extends HttpApiGroup.Identifier<Groups>,
  const Name extends HttpApiGroup.EndpointsWithIdentifier<Groups, Group>["identifier"]
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  which: { readonly group: Group; readonly endpoint: Name }
): Effect.Effect<
  (
    request: RequestOf<EndpointOf<Groups, Group, Name>>,
    rest?: Rest
  ) => Effect.Effect<Download, PrivxFailure, Scope.Scope>,
  never,
  Transport
> =>
  Effect.map(
    sender(api, which),
    ({ deadline, operation, origin, send }) =>
      (request, rest) =>
        Effect.acquireRelease(
          Effect.provideService(send(request), Streaming, { rest }),
          (response) => Effect.sync(() => (response instanceof StreamedResponse ? response.answer.abort() : undefined)),
          { interruptible: true }
        ).pipe(Effect.map((response) => ({ operation: operation.name, origin, deadline, ...toDownload(response) })))
  )

const toDownload = (
  response: HttpClientResponse.HttpClientResponse
): Omit<Download, "operation" | "origin" | "deadline"> => {
  const { headers, status } = response
  const announced = headers["content-length"]
  const range = headers["content-range"]
  const etag = headers.etag
  return {
    status,
    contentLength: announced !== undefined && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined,
    contentType: headers["content-type"],
    suggestedName: suggestedName(headers["content-disposition"]),
    contentRange: status === 206 && range !== undefined ? ContentRange.parse(range) : undefined,
    strongETag: etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined,
    etag,
    lastModified: headers["last-modified"],
    server: headers["server"],
    peer: response instanceof StreamedResponse ? response.answer.peer : undefined,
    ...bytesOf(response)
  }
}

const bytesOf = (response: HttpClientResponse.HttpClientResponse): Pick<Download, "consume" | "stream"> => {
  if (response instanceof StreamedResponse) return { stream: response.answer.stream, consume: response.answer.consume }
  const defect = "the transport did not stream"
  return { stream: Stream.die(defect), consume: () => Effect.die(defect) }
}
