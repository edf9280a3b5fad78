import type { ApiError as Errors, ErrorCode } from "@privx-kit/core"
import * as Effect from "effect/Effect"
import { expectTypeOf } from "vitest"

type ApiError = Errors.ApiError

// Every code is in the union, and nothing but the codes and the open fallback.
expectTypeOf<Exclude<ApiError, Errors.UnknownErrorCode>["code"]>().toEqualTypeOf<ErrorCode.ErrorCode>()
expectTypeOf<Errors.UnknownErrorCode["code"]>().toEqualTypeOf<string>()
expectTypeOf<ApiError["_tag"]>().toEqualTypeOf<
  | "GeneralError"
  | "BadRequest"
  | "PermissionDenied"
  | "InvalidRequestData"
  | "RequiredValueMissing"
  | "ValueOutOfBounds"
  | "ValueIncorrectType"
  | "ValueIncorrectFormat"
  | "ValueDuplicate"
  | "ConfigurationError"
  | "OutOfResources"
  | "MaxLoad"
  | "TooManyConnections"
  | "DatabaseError"
  | "CacheError"
  | "IntraServiceCommunicationError"
  | "UnknownErrorCode"
>()

declare const call: Effect.Effect<number, ApiError>

// catchTag takes one class out of the error channel and leaves the rest.
const caught = Effect.catchTag(call, "MaxLoad", (error) => {
  expectTypeOf(error).toEqualTypeOf<Errors.MaxLoad>()
  expectTypeOf(error.code).toEqualTypeOf<"MAX_LOAD">()
  return Effect.succeed(0)
})
expectTypeOf(caught).toEqualTypeOf<Effect.Effect<number, Exclude<ApiError, Errors.MaxLoad>>>()

// @ts-expect-error -- there is no such class
Effect.catchTag(call, "NotFound", () => Effect.succeed(0))

// The code narrows as well as the tag.
declare const error: ApiError
if (error.code === "VALUE_DUPLICATE" && error._tag !== "UnknownErrorCode") {
  expectTypeOf(error).toEqualTypeOf<Errors.ValueDuplicate>()
}
