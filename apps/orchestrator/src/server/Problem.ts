/**
 * The responses of the server when it refuses a request or cannot serve it: problem details (RFC 9457), in one shape for
 * every status. They are made from the kit's own failures, so a client receives the same failure as on the machine of the
 * server.
 *
 * ```json
 * { "type": "urn:privx-kit:problem:RunNotFound", "title": "Run not found", "status": 404, "detail": "No run with …",
 *   "code": "runNotFound", "hint": "…", "fields": { "runId": "1f0c" } }
 * ```
 */
import type * as Failure from "@privx-kit/core/Failure"
import { reasonText, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { ArtifactNotFound } from "@privx-kit/artifacts/ArtifactDirectory"
import { RunAmbiguous, RunConflict, RunNotFound, InvalidInput } from "@privx-kit/runs/RunFailures"
import { SettingsError } from "@privx-kit/settings/SettingsError"

export const contentType = ProblemDetails.contentType

/** The prefix of every `type`; the class of the failure follows. */
const namespace = "urn:privx-kit:problem:"

const at = <const Status extends number>(status: Status, identifier: string, description: string) =>
  Schema.Struct({
    type: Schema.String.annotate({
      description: `What programs match: ${namespace} and the class of the failure`
    }),
    title: Schema.String.annotate({ description: "The type in words" }),
    status: Schema.Literal(status),
    detail: Schema.String.annotate({ description: "One line: what failed and why" }),
    code: Schema.String.annotate({
      description: "Its class of exit codes, by the name that the command line has for it"
    }),
    hint: Schema.String.annotate({ description: "One line: what to do about it; may be empty" }),
    fields: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)).annotate({
      description: "What the class of the failure says beyond that"
    })
  })
    .annotate({ identifier, description })
    .pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType }))

export const BadRequest = at(400, "BadRequest", "The request is not valid")
export const Unauthorized = at(401, "Unauthorized", "The token is missing, unknown or expired")
export const Forbidden = at(403, "Forbidden", "The role of the token does not allow the request")
export const NotFound = at(404, "NotFound", "No such run, script or path exists")
export const Conflict = at(409, "Conflict", "The state of the run does not allow this")
export const TooLarge = at(413, "TooLarge", "The body is too large")
export const UnsupportedMediaType = at(415, "UnsupportedMediaType", "The body is not application/json")
export const TooMany = at(429, "TooMany", "Too many wrong tokens from this address; Retry-After says when to try again")
export const Broken = at(500, "InternalError", "The server has an internal error; its log has the details")
export const Unavailable = at(
  503,
  "Unavailable",
  "The database cannot be used, or the server is overloaded or stopping; Retry-After says when to try again"
)

export const BadGateway = at(502, "BadGateway", "PrivX cannot be reached, or refused the request")

/** The error responses of every endpoint. */
export const any = [
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  Conflict,
  TooLarge,
  TooMany,
  Broken,
  Unavailable
] as const

/** The error responses of an endpoint with a body. */
export const withBody = [...any, UnsupportedMediaType] as const

/** The failures of handlers. */
export type Problem = (typeof any)[number]["Type"]

/** The problems that a client may receive. */
export type Received = (typeof withBody)[number]["Type"]

export type Status = Problem["status"]

/** A failure of the kit that has a response. */
export type Answerable =
  | RunNotFound
  | RunAmbiguous
  | RunConflict
  | InvalidInput
  | SettingsError
  | ArtifactNotFound
  | StorageFailed

const Answerable = Schema.Union([
  RunNotFound,
  RunAmbiguous,
  RunConflict,
  InvalidInput,
  SettingsError,
  ArtifactNotFound,
  StorageFailed
])

const encode = Schema.encodeSync(Schema.toCodecJson(Answerable))

const statusOf: { readonly [Tag in Answerable["_tag"]]: readonly [Status, code: string] } = {
  RunNotFound: [404, "runNotFound"],
  RunAmbiguous: [400, "usage"],
  RunConflict: [409, "conflict"],
  InvalidInput: [400, "usage"],
  ArtifactNotFound: [404, "artifactNotFound"],
  SettingsError: [400, "settings"],
  StorageFailed: [503, "storage"]
}

/** A failure for which the kit has no class. */
export interface Refusal extends Pick<Failure.Failure, "_tag" | "message" | "hint"> {
  readonly code: string
}

export const of = (failure: Answerable): Problem => {
  const [status, code] = statusOf[failure._tag]
  const { _tag, hint, message } = failure
  // Clients do not see the location of the database.
  if (failure._tag === "StorageFailed") {
    return make(503, { _tag, code, message: `The server cannot use its storage: ${reasonText[failure.reason]}.`, hint })
  }
  const { _tag: _, ...fields } = encode(failure) as Readonly<Record<string, Schema.Json>>
  return { ...make(status, { _tag, code, message, hint }), fields }
}

/** For problems without a failure class of the kit. */
export const make = <const S extends number>(status: S, { _tag, code, hint, message }: Refusal) => ({
  type: `${namespace}${_tag}`,
  title: titleOf(_tag),
  status,
  detail: message,
  code,
  hint
})

/** `RunNotFound` → `Run not found`. */
const titleOf = (tag: string): string => tag.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** The class of the failure; the whole type if it is not a type of the kit. */
export const tagOf = ({ type }: Pick<Received, "type">): string =>
  type.startsWith(namespace) ? type.slice(namespace.length) : type

/** A problem as the response. */
export const render = (
  problem: ProblemDetails.ProblemDetails,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse => HttpServerResponse.setHeaders(ProblemDetails.toResponse(problem), headers)

/** The response to a request without an endpoint. */
export const toResponse = (
  status: number,
  refusal: Refusal,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse => render(make(status, refusal), headers)
