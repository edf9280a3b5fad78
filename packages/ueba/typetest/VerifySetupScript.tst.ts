import {
  type Sha256,
  type VerificationFailed,
  type VerificationPolicy,
  type VerificationReport,
  VerifySetupScript
} from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { expectTypeOf } from "vitest"

declare const bytes: Uint8Array

expectTypeOf(VerifySetupScript.verifySetupScript(bytes)).toEqualTypeOf<
  Effect.Effect<VerificationReport.VerificationReport, VerificationFailed>
>()
expectTypeOf(VerifySetupScript.inspectSetupScript(bytes)).toEqualTypeOf<
  Effect.Effect<VerificationReport.VerificationReport>
>()

// The one failure is what catchTag leaves nothing of.
const caught = Effect.catchTag(VerifySetupScript.verifySetupScript(bytes), "VerificationFailed", (failure) => {
  expectTypeOf(failure).toEqualTypeOf<VerificationFailed>()
  expectTypeOf(failure.report).toExtend<VerificationReport.VerificationReport>()
  return Effect.succeed(false)
})
expectTypeOf<Effect.Error<typeof caught>>().toBeNever()

// @ts-expect-error -- a pin is decoded first, so that one that is cut or mistyped is not compared with anything
VerifySetupScript.verifySetupScript(bytes, { sha256: "abc" })
expectTypeOf<Sha256.Sha256>().toExtend<string>()

// @ts-expect-error -- no check has this name
VerifySetupScript.verifySetupScript(bytes, { policy: { checks: { notHtlm: "off" } } })
expectTypeOf<keyof VerificationPolicy.CheckRequirements>().toEqualTypeOf<VerificationPolicy.CheckName>()
expectTypeOf<VerificationPolicy.CheckRequirements["notHtml"]>().toEqualTypeOf<
  "demanded" | "required" | "warned" | "off" | undefined
>()
