import type { ApiError, ErrorCode } from "@privx-kit/core"
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import type { Download, Rest } from "@privx-kit/http/Download"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import type { Ueba, UebaApi } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { expectTypeOf } from "vitest"

type Service = Ueba.Ueba["Service"]

expectTypeOf<Service["createSession"]>().toEqualTypeOf<Effect.Effect<UebaApi.SetupSession, PrivxFailure>>()
expectTypeOf<Service["openSetupScript"]>().toEqualTypeOf<
  (id: SetupSessionId, rest?: Rest) => Effect.Effect<Download, PrivxFailure, Scope.Scope>
>()
expectTypeOf<Service["downloadSetupScript"]>().toEqualTypeOf<
  (id: SetupSessionId) => Stream.Stream<Uint8Array, PrivxFailure>
>()
expectTypeOf<Service["configuration"]>().toEqualTypeOf<Effect.Effect<UebaApi.Configuration, PrivxFailure>>()
expectTypeOf<ReturnType<typeof Ueba.Ueba.layer>>().toEqualTypeOf<Layer.Layer<Ueba.Ueba, never, Transport>>()

// Each of the sixteen codes is in the error channel of each operation.
type Codes<E> = E extends { readonly code: infer Code extends ErrorCode.ErrorCode } ? Code : never
expectTypeOf<Codes<Effect.Error<Service["createSession"]>>>().toEqualTypeOf<ErrorCode.ErrorCode>()
expectTypeOf<Codes<Effect.Error<ReturnType<Service["openSetupScript"]>>>>().toEqualTypeOf<ErrorCode.ErrorCode>()
expectTypeOf<Codes<Stream.Error<ReturnType<Service["downloadSetupScript"]>>>>().toEqualTypeOf<ErrorCode.ErrorCode>()

declare const ueba: Service

// catchTag takes one of them out, and leaves the rest.
const caught = Effect.catchTag(ueba.createSession, "MaxLoad", (error) => {
  expectTypeOf(error).toEqualTypeOf<ApiError.MaxLoad>()
  return Effect.succeed("busy" as const)
})
expectTypeOf(caught).toEqualTypeOf<
  Effect.Effect<UebaApi.SetupSession | "busy", Exclude<PrivxFailure, ApiError.MaxLoad>>
>()
expectTypeOf<Codes<Effect.Error<typeof caught>>>().toEqualTypeOf<Exclude<ErrorCode.ErrorCode, "MAX_LOAD">>()

// @ts-expect-error -- no operation fails with this
Effect.catchTag(ueba.createSession, "VerificationFailed", () => Effect.void)

// @ts-expect-error -- a session id is a secret, and no string
ueba.downloadSetupScript("0f8fad5b-d9cb-469f-a165-70867728950e")
