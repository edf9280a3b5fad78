/**
 * Turns the endpoints of a domain's `HttpApi` into functions: {@link call} for a response that is read into memory,
 * {@link download} for one that is streamed. The `Operation` annotation of an endpoint tells the transport how to treat it.
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
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Download, Rest } from "./Download.ts"
import * as JsonSuccess from "./internal/jsonSuccess.ts"
import { BufferedResponse, StreamedResponse } from "./internal/bufferedResponse.ts"
import { toDownload } from "./internal/streamedDownload.ts"
import { type Definition, Operation } from "./Operation.ts"
import { PrivxFailure } from "./PrivxFailure.ts"
import { PrivxMiddleware } from "./PrivxMiddleware.ts"
import * as ResponseFailure from "./ResponseFailure.ts"
import { Transport } from "./Transport.ts"
import { TransportError } from "./TransportError.ts"

/**
 * What the generated client has no argument for: how to request a stream (`undefined` to read the complete response),
 * and the secrets of the request.
 */
const Sending = Context.Reference<{
  readonly streaming?: { readonly rest: Rest | undefined }
  readonly secrets?: ReadonlyArray<Redacted.Redacted<string>>
}>("@privx-kit/http/Endpoint/Sending", { defaultValue: () => ({}) })

/** `HttpApiClient` requires a client, but the middleware responds before it is called. */
const unreachable = HttpClient.make(() => Effect.die("the transport replaces the HttpClient"))

const middleware = (transport: Transport["Service"]): Layer.Layer<HttpApiMiddleware.ForClient<PrivxMiddleware>> =>
  HttpApiMiddleware.layerClient(PrivxMiddleware, ({ endpoint, request }) =>
    Effect.flatMap(Sending, ({ secrets, streaming }) =>
      transport.execute(Context.getUnsafe(endpoint.annotations, Operation), withRange(request, streaming?.rest), {
        template: endpoint.path,
        streaming: streaming !== undefined,
        ...(secrets === undefined ? undefined : { secrets })
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
 * The arguments of an endpoint: its `params`, `query`, `headers` and `payload`, as far as it has them.
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
  readonly send: (
    request: unknown,
    streaming?: { readonly rest: Rest | undefined }
  ) => Effect.Effect<HttpClientResponse.HttpClientResponse, PrivxFailure>
}

/**
 * The generated client of one endpoint, returning the raw response. Its type declares more failures than can occur,
 * because the middleware converts everything but a success to a `PrivxFailure`. Only this function narrows the type.
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
      detail: "a value does not match the schema of the endpoint"
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
      send: (request, streaming) => {
        const sent = Effect.catchCause(method({ ...(request as object), responseMode: "response-only" }), (cause) =>
          isRefusedParameter(cause)
            ? Effect.fail(invalid)
            : Effect.failCause(Cause.map(cause, (error) => (isPrivxFailure(error) ? error : invalid)))
        )
        const secrets = secretsOf(request)
        if (streaming === undefined && secrets.length === 0) return sent
        return Effect.provideService(sent, Sending, {
          secrets,
          ...(streaming === undefined ? undefined : { streaming })
        })
      }
    }
  })

/** `Redacted` values of a request must not appear in a failure. */
const secretsOf = (request: unknown, depth = 4): ReadonlyArray<Redacted.Redacted<string>> => {
  if (typeof request !== "object" || request === null || depth === 0) return []
  if (Redacted.isRedacted(request)) {
    const value = Redacted.value(request)
    return typeof value === "string" ? [Redacted.make(value)] : []
  }
  return Object.values(request).flatMap((value) => secretsOf(value, depth - 1))
}

/** The generated client throws if a path parameter is `.` or `..`, because it would change the path. */
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
 * Makes the function that calls an endpoint and decodes its response.
 *
 * **When to use**: for endpoints whose response fits into memory. Use {@link download} for a body that is streamed.
 *
 * **Details**: any success status except a partial one (206, 207, 208, 226) is accepted. Values of the request that are
 * `Redacted` are removed from every failure.
 *
 * **Errors**: `ApiError` for an error body of PrivX, `UnexpectedResponse` for any other response, `TransportError` for no
 * complete response. A request that does not match the schemas of the endpoint is a `TransportError` with reason
 * `invalidRequest`.
 *
 * @example
 * ```ts
 * import * as Endpoint from "@privx-kit/http/Endpoint"
 * import { Operation } from "@privx-kit/http/Operation"
 * import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
 * import * as Effect from "effect/Effect"
 * import * as HttpApi from "effect/http-api/HttpApi"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 * import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
 * import * as Schema from "effect/Schema"
 *
 * const api = HttpApi.make("things").add(
 *   HttpApiGroup.make("things")
 *     .add(
 *       HttpApiEndpoint.get("read", "/things/:id", {
 *         params: { id: Schema.NonEmptyString },
 *         success: Schema.Struct({ name: Schema.String })
 *       }).annotate(Operation, { name: "Things.read", safeToRepeat: true, authorization: { scope: "user" } })
 *     )
 *     .middleware(PrivxMiddleware)
 * )
 *
 * const name = Effect.gen(function* () {
 *   const read = yield* Endpoint.call(api, { group: "things", endpoint: "read" })
 *   return (yield* read({ params: { id: "1" } })).name
 * })
 * ```
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
  whenCalled(sender(api, which), ({ decodeJson, noContent, operation, send }) => {
    // If the reference documents no schema for a success, its body is ignored.
    if (noContent) return (request) => Effect.asVoid(send(request)) as never
    const decode = HttpApiClient.decodeResponse(api, which)
    return (request) =>
      Effect.flatMap(send(request), (response) => {
        const decoded = response instanceof BufferedResponse ? decodeJson(response.status, response.body) : undefined
        if (decoded === "notJson") return Effect.fail(unusable(operation, response))
        return decoded ?? Effect.mapError(decode(response), (): PrivxFailure => unusable(operation, response))
      }) as never
  })

/**
 * The function of an endpoint, generated at its first call: a program that talks to thousands of hosts creates a client
 * for each and uses few of its operations.
 */
const whenCalled = <Args extends ReadonlyArray<unknown>, A, E, R>(
  sender: Effect.Effect<Sender, never, Transport>,
  generate: (sender: Sender) => (...args: Args) => Effect.Effect<A, E, R>
): Effect.Effect<(...args: Args) => Effect.Effect<A, E, R>, never, Transport> =>
  Effect.map(Transport, (transport) => {
    let generated: ((...args: Args) => Effect.Effect<A, E, R>) | undefined
    return (...args) =>
      generated !== undefined
        ? generated(...args)
        : Effect.suspend(() => {
            if (generated !== undefined) return generated(...args)
            return Effect.flatMap(Effect.provideService(sender, Transport, transport), (sender) => {
              generated = generate(sender)
              return generated(...args)
            })
          })
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
 * Makes the function that opens a download. It returns when the head of the response has arrived.
 *
 * **When to use**: for bodies that do not need to be in memory. Use `FileDownload.toFile` to write one to a file.
 *
 * **Details**: closing the scope discards the unread rest. The second argument requests the rest of a body that was
 * read in part.
 *
 * **Gotchas**: only 200 is a success. With the second argument, 206 and 416 are successes as well: compare
 * `contentRange` and `total` before you use the bytes, as `FileDownload` does.
 *
 * **Errors**: as {@link call}. A body that a gateway compressed is a `TransportError` with reason `protocol`.
 *
 * @example
 * ```ts
 * import * as Endpoint from "@privx-kit/http/Endpoint"
 * import * as FileDownload from "@privx-kit/http/FileDownload"
 * import { Operation } from "@privx-kit/http/Operation"
 * import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
 * import * as Effect from "effect/Effect"
 * import * as HttpApi from "effect/http-api/HttpApi"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 * import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
 * import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
 *
 * const api = HttpApi.make("reports").add(
 *   HttpApiGroup.make("reports")
 *     .add(
 *       HttpApiEndpoint.get("latest", "/reports/latest", {
 *         success: HttpApiSchema.StreamUint8Array({ contentType: "*\/*" })
 *       }).annotate(Operation, { name: "Reports.latest", safeToRepeat: true, authorization: { scope: "user" } })
 *     )
 *     .middleware(PrivxMiddleware)
 * )
 *
 * const saved = Effect.gen(function* () {
 *   const latest = yield* Endpoint.download(api, { group: "reports", endpoint: "latest" })
 *   return yield* FileDownload.toFile("/tmp/report.csv", (rest) => latest({}, rest))
 * })
 * ```
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
  whenCalled(
    sender(api, which),
    ({ deadline, operation, origin, send }) =>
      (request, rest) =>
        Effect.acquireRelease(
          send(request, { rest }),
          (response) => Effect.sync(() => (response instanceof StreamedResponse ? response.answer.abort() : undefined)),
          { interruptible: true }
        ).pipe(
          Effect.map((response) => ({
            operation: operation.name,
            origin,
            deadline,
            ...toDownload(response, secretsOf(request))
          }))
        )
  )
