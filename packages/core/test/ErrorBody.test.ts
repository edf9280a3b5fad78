import { assert, describe, it } from "@effect/vitest"
import { ErrorBody } from "@privx-kit/core"
import * as Schema from "effect/Schema"

describe("ErrorBody", () => {
  it("reads the example of the API reference, whose details hold a null", () => {
    const body = { error_code: "GENERAL_ERROR", error_message: "string", property: "string", details: [null] }
    assert.deepStrictEqual(ErrorBody.parse(body), {
      code: "GENERAL_ERROR",
      errorMessage: "string",
      property: "string",
      details: []
    })
  })

  it("is no error body without a string error_code", () => {
    for (const json of [null, 5, "GENERAL_ERROR", [], {}, { error_code: 5 }, { error: "invalid_grant" }]) {
      assert.isUndefined(ErrorBody.parse(json))
    }
  })

  it("leaves out an optional field of a wrong type rather than losing the code", () => {
    const body = { error_code: "CACHE_ERROR", error_message: 5, property: {}, details: "none", extra: true }
    assert.deepStrictEqual(ErrorBody.parse(body), { code: "CACHE_ERROR", details: [] })
  })

  it("follows nested details, and stops where a hostile body would exhaust the stack", () => {
    let body: unknown = { error_code: "innermost" }
    for (let depth = 0; depth < 100_000; depth++) body = { error_code: "outer", details: [body] }
    let detail = ErrorBody.parse(body)
    let depth = 0
    while (detail !== undefined && detail.details.length > 0) {
      detail = detail.details[0]
      depth++
    }
    assert.strictEqual(depth, ErrorBody.bounds.depth)
  })

  it("keeps a bounded number of details", () => {
    const many = Array.from({ length: 10_000 }, () => ({ error_code: "VALUE_DUPLICATE" }))
    const detail = ErrorBody.parse({ error_code: "INVALID_REQUEST_DATA", details: many })
    assert.strictEqual(detail?.details.length, ErrorBody.bounds.entries)
  })

  const decode = Schema.decodeUnknownOption(ErrorBody.ErrorBody)
  const nulls = (details: ErrorBody.ErrorBody["details"]): ReadonlyArray<ErrorBody.ErrorBody> =>
    (details ?? []).filter((entry) => entry !== null)
  const agrees = (detail: ErrorBody.ErrorDetail, body: ErrorBody.ErrorBody): boolean =>
    detail.code === body.error_code &&
    detail.errorMessage === body.error_message &&
    detail.property === body.property &&
    detail.details.length === nulls(body.details).length &&
    detail.details.every((entry, index) => agrees(entry, nulls(body.details)[index]!))

  it.prop("reads whatever the schema accepts, as the schema does", [ErrorBody.ErrorBody], ([body]) => {
    assert.isTrue(agrees(ErrorBody.parse(body)!, body))
  })

  it.prop("never throws, and agrees with the schema on what is no error body", [Schema.Unknown], ([json]) => {
    if (decode(json)._tag === "Some") assert.isDefined(ErrorBody.parse(json))
    else ErrorBody.parse(json)
  })
})
