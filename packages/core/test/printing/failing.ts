/** Fails on purpose: `Printing.test.ts` checks what vitest prints. */
import * as ApiError from "@privx-kit/core/ApiError"
import { it } from "vitest"

it("fails", () => {
  throw ApiError.make({ code: "MAX_LOAD", details: [] }, { status: 503, operation: "Ueba.createSession" })
})
