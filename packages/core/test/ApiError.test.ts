import { assert, describe, it } from "@effect/vitest"
import { ApiError, ErrorBody, ErrorCode } from "@privx-kit/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const codec = Schema.toCodecJson(ApiError.ApiError)
const roundTrip = (error: ApiError.ApiError): ApiError.ApiError =>
  Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(error))))

const pascalCase = (code: string): string =>
  code
    .toLowerCase()
    .split("_")
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join("")

describe("ApiError", () => {
  it("has the sixteen codes of the API reference, in its order", () => {
    assert.deepStrictEqual(
      ErrorCode.all.join(" "),
      [
        "GENERAL_ERROR BAD_REQUEST PERMISSION_DENIED INVALID_REQUEST_DATA REQUIRED_VALUE_MISSING VALUE_OUT_OF_BOUNDS",
        "VALUE_INCORRECT_TYPE VALUE_INCORRECT_FORMAT VALUE_DUPLICATE CONFIGURATION_ERROR OUT_OF_RESOURCES MAX_LOAD",
        "TOO_MANY_CONNECTIONS DATABASE_ERROR CACHE_ERROR INTRA_SERVICE_COMMUNICATION_ERROR"
      ].join(" ")
    )
  })

  it.each(ErrorCode.all)("turns %s into the class of that name", (code) => {
    const error = ApiError.make({ code, details: [] }, { status: 503, operation: "Ueba.createSession" })
    assert.strictEqual(error._tag, pascalCase(code))
    assert.strictEqual(error.name, pascalCase(code))
    assert.strictEqual(error.code, code)
    assert.instanceOf(error, Error)
  })

  it.each(ErrorCode.all)("survives a JSON round trip as the same class: %s", (code) => {
    const error = ApiError.make(
      {
        code,
        errorMessage: "why",
        property: "name",
        details: [{ code: "VALUE_DUPLICATE", property: "x", details: [{ code: "NEWER", details: [] }] }]
      },
      { status: 400, operation: "Ueba.createSession", retryAfter: Duration.seconds(7), requestId: "r-1" }
    )
    const again = roundTrip(error)
    assert.strictEqual(again.constructor, error.constructor)
    assert.deepStrictEqual({ ...again }, { ...error })
    assert.strictEqual(again.message, error.message)
  })

  it("keeps a code that the reference does not list, even one that objects inherit", () => {
    for (const code of ["NOT_FOUND", "toString", "__proto__", ""]) {
      const error = ApiError.make({ code, details: [] }, { status: 404, operation: "x" })
      assert.strictEqual(error._tag, "UnknownErrorCode")
      assert.strictEqual(error.code, code)
      assert.strictEqual(roundTrip(error).code, code)
    }
  })

  it("renders to one line that says what failed, why, and where", () => {
    const error = ApiError.make(
      { code: "MAX_LOAD", errorMessage: "busy", property: "p", details: [{ code: "CACHE_ERROR", details: [] }] },
      { status: 503, operation: "Ueba.createSession", requestId: "r-1", retryAfter: Duration.seconds(3) }
    )
    assert.strictEqual(
      error.message,
      'Ueba.createSession failed: PrivX answered 503 MAX_LOAD (property "p"): busy (CACHE_ERROR) [request r-1].'
    )
    assert.strictEqual(error.hint, "This is temporary. Try again in 3s. See docs/troubleshooting.md#overload.")
  })

  it("lets no control character of a server into the line", () => {
    const error = ApiError.make(
      { code: "MAX_LOAD", errorMessage: "a\n\u001b[31mb\u202ec", details: [] },
      { status: 503, operation: "x" }
    )
    assert.match(error.message, /a \[31mb c/)
    // eslint-disable-next-line no-control-regex -- the very characters that must not be there
    assert.notMatch(error.message, /[\u0000-\u001f\u202e]/)
  })

  it("takes other advice without changing its class", () => {
    const error = ApiError.make({ code: "PERMISSION_DENIED", details: [] }, { status: 401, operation: "x" })
    const advised = ApiError.withAdvice(error, "Do this.")
    assert.instanceOf(advised, ApiError.PermissionDenied)
    assert.strictEqual(advised.hint, "Do this. See docs/troubleshooting.md#credentials.")
    assert.strictEqual(roundTrip(advised).hint, advised.hint)
  })

  it.effect("is matched by tag", () =>
    Effect.gen(function* () {
      const failing = Effect.fail(ApiError.make({ code: "MAX_LOAD", details: [] }, { status: 503, operation: "x" }))
      const matched = yield* Effect.catchTag(failing, "MaxLoad", (error) => Effect.succeed(error.code))
      assert.strictEqual(matched, "MAX_LOAD")
    })
  )

  it.prop(
    "survives a JSON round trip whatever the server sent",
    [ErrorBody.ErrorBody, Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 599 }))],
    ([body, status]) => {
      const detail = ErrorBody.parse(body)
      assert.isDefined(detail)
      const error = ApiError.make(detail!, { status, operation: "x" })
      assert.deepStrictEqual({ ...roundTrip(error) }, { ...error })
    }
  )
})
