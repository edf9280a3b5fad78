/**
 * What the server answers when it does not do what it was asked: one JSON shape for every status, made from the kit's own
 * failures, so that a client gets the failure back that it would have had on the server's machine.
 *
 * ```json
 * { "status": 404, "_tag": "RunNotFound", "code": "runNotFound", "message": "There is no run …", "hint": "…",
 *   "fields": { "runId": "1f0c" } }
 * ```
 */
import type * as Failure from "@privx-kit/core/Failure"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { ArtifactNotFound } from "../artifacts/ArtifactFolder.ts"
import { RunAmbiguous, RunConflict, RunNotFound } from "../runs/RunFailures.ts"
import { SettingsError } from "../settings/SettingsError.ts"
import { InvalidInput } from "../SetupFailure.ts"

const at = <const Status extends number>(status: Status, description: string) =>
  Schema.Struct({
    status: Schema.Literal(status),
    _tag: Schema.String.annotate({ description: "Class of the failure; what programs match" }),
    code: Schema.String.annotate({
      description: "Its class of exit codes, by the name that the command line has for it"
    }),
    message: Schema.String.annotate({ description: "One line: what failed and why" }),
    hint: Schema.String.annotate({ description: "One line: what to do about it; may be empty" }),
    fields: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)).annotate({
      description: "What the class of the failure says beyond that"
    })
  })
    .annotate({ description })
    .pipe(HttpApiSchema.status(status))

export const BadRequest = at(400, "The request makes no sense as it is")
export const Unauthorized = at(401, "No token, or one that is not known or has expired")
export const Forbidden = at(403, "The role of the token does not allow it")
export const NotFound = at(404, "There is no such run, or no such script")
export const Conflict = at(409, "The run is in a state in which that cannot be done")
export const TooLarge = at(413, "The body is too large")
export const TooMany = at(429, "Too many wrong tokens from this address; Retry-After says when to come back")
export const Unavailable = at(503, "The database cannot be used, or the server ends; try again")

/** The answers that every endpoint can give. */
export const any = [BadRequest, Unauthorized, Forbidden, NotFound, Conflict, TooLarge, TooMany, Unavailable] as const

export type Problem = (typeof any)[number]["Type"]

export type Status = Problem["status"]

/** A failure of the kit that an answer can be made of. */
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

export const of = (failure: Answerable): Problem => {
  const [status, code] = statusOf[failure._tag]
  const { _tag, hint, message } = failure
  // Where its database lies is the server's own business.
  if (failure._tag === "StorageFailed") {
    return make(503, { _tag, code, message: `The server cannot use its storage: ${failure.reason}.`, hint })
  }
  const { _tag: _, ...fields } = encode(failure) as Readonly<Record<string, Schema.Json>>
  return { ...make(status, { _tag, code, message, hint }), fields }
}

/** Where there is no failure of the kit for it. */
export const make = <const S extends Status>(status: S, problem: Omit<Problem, "status" | "fields">) => ({
  status,
  ...problem
})

/** What is answered outside of any endpoint. */
export const toResponse = (
  status: number,
  problem: Pick<Failure.Failure, "_tag" | "message" | "hint"> & { readonly code: string },
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse => HttpServerResponse.jsonUnsafe({ status, ...problem }, { status, headers })
