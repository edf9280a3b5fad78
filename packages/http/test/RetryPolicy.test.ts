import { assert, describe, it } from "@effect/vitest"
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import * as RetryAfter from "@privx-kit/http/RetryAfter"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as TransportError from "@privx-kit/http/TransportError"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const api = (code: string, status: number, retryAfter?: Duration.Duration) =>
  ApiError.make({ code, details: [] }, { status, operation: "x", ...(retryAfter === undefined ? {} : { retryAfter }) })
const bare = (status: number) => new UnexpectedResponse({ operation: "x", status, reason: "empty", excerpt: "" })
const transport = (reason: TransportError.Reason) =>
  new TransportError.TransportError({ operation: "x", origin: "https://h", reason, detail: "" })

describe("RetryPolicy", () => {
  it("repeats the six transient codes, and GENERAL_ERROR from 500 on", () => {
    const repeated = ErrorCode.all.filter((code) => RetryPolicy.isRetryable(api(code, 500), true))
    assert.deepStrictEqual(repeated.toSorted(), [
      "CACHE_ERROR",
      "DATABASE_ERROR",
      "GENERAL_ERROR",
      "INTRA_SERVICE_COMMUNICATION_ERROR",
      "MAX_LOAD",
      "OUT_OF_RESOURCES",
      "TOO_MANY_CONNECTIONS"
    ])
    assert.isFalse(RetryPolicy.isRetryable(api("GENERAL_ERROR", 404), true))
    assert.isFalse(RetryPolicy.isRetryable(api("A_NEWER_CODE", 500), true))
  })

  it("repeats a bare 408, 425, 429, 500, 502, 503, 504 and no other status", () => {
    const statuses = Array.from({ length: 500 }, (_, index) => index + 100)
    const repeated = statuses.filter((status) => RetryPolicy.isRetryable(bare(status), true))
    assert.deepStrictEqual(repeated, [408, 425, 429, 500, 502, 503, 504])
  })

  it("repeats failed connections, and not what the caller or a limit ended", () => {
    const repeated = TransportError.Reason.literals.filter((reason) => RetryPolicy.isRetryable(transport(reason), true))
    assert.deepStrictEqual(repeated, ["nameResolution", "refused", "reset", "timeout", "truncated"])
  })

  it("repeats what is not safe to repeat only when it was certainly not processed", () => {
    const failures = [
      ...ErrorCode.all.flatMap((code) => [api(code, 500), api(code, 503)]),
      bare(503),
      ...TransportError.Reason.literals.map(transport)
    ]
    const repeated = failures
      .filter((failure) => RetryPolicy.isRetryable(failure, false))
      .map((failure) => (failure._tag === "TransportError" ? failure.reason : `${failure._tag} ${failure.status}`))
    assert.deepStrictEqual(repeated, ["MaxLoad 503", "TooManyConnections 503", "nameResolution", "refused"])
  })

  it("doubles the bound of the pause up to the cap, with full jitter", () => {
    const bound = (attempt: number) => Duration.toMillis(RetryPolicy.delay(RetryPolicy.defaults, attempt, bare(503), 1))
    assert.deepStrictEqual([1, 2, 3, 6, 7, 100, 2000].map(bound), [200, 400, 800, 6400, 10_000, 10_000, 10_000])
    assert.strictEqual(Duration.toMillis(RetryPolicy.delay(RetryPolicy.defaults, 5, bare(503), 0)), 0)
  })

  it("never waits less than Retry-After asks, nor longer than its cap and the jitter", () => {
    const wait = (asked: Duration.Input, random: number) =>
      Duration.toMillis(
        RetryPolicy.delay(RetryPolicy.defaults, 1, api("MAX_LOAD", 503, Duration.fromInputUnsafe(asked)), random)
      )
    assert.strictEqual(wait("3 seconds", 0), 3000)
    assert.strictEqual(wait("3 seconds", 1), 3200)
    assert.strictEqual(wait("1 day", 1), 60_200)
  })
})

describe("RetryAfter", () => {
  const now = Date.parse("2026-01-01T00:00:00Z")
  const millis = (value: string) => {
    const duration = RetryAfter.parse(value, now)
    return duration === undefined ? undefined : Duration.toMillis(duration)
  }

  it("reads seconds and the three forms of an HTTP date", () => {
    assert.strictEqual(millis(" 120 "), 120_000)
    assert.strictEqual(millis("Thu, 01 Jan 2026 00:00:10 GMT"), 10_000)
    assert.strictEqual(millis("Thursday, 01-Jan-26 00:00:10 GMT"), 10_000)
    assert.strictEqual(millis("Thu, 01 Jan 2020 00:00:00 GMT"), 0)
  })

  it.each(["", "-1", "1.5", "soon", "2026-01-01", "Thu, nonsense"])("does not guess what %j means", (value) => {
    assert.isUndefined(millis(value))
  })

  it.each(["99999999999", "99999999999999999999", "Thu, 01 Jan 9999 00:00:00 GMT"])("takes %s for a year", (value) => {
    assert.strictEqual(millis(value), 365 * 24 * 3600 * 1000)
  })

  it.prop("never throws and is never negative", [Schema.String], ([value]) => {
    const wait = millis(value)
    assert.isTrue(wait === undefined || wait >= 0)
  })
})
