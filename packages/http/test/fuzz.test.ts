/**
 * Random and mutated input for every parser of server data: the result is always typed and never a defect. `FUZZ_CASES`
 * sets the number of cases (default 2 000 for each property; CI runs 100 000), `FUZZ_SEED` the seed.
 */
import { assert, describe, it } from "@effect/vitest"
import * as ApiError from "@privx-kit/core/ApiError"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import * as Challenge from "@privx-kit/http/Challenge"
import * as ContentRange from "@privx-kit/http/ContentRange"
import { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as ResponseFailure from "@privx-kit/http/ResponseFailure"
import * as RetryAfter from "@privx-kit/http/RetryAfter"
import * as CookieJar from "@privx-kit/http/CookieJar"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { suggestedName } from "../src/internal/suggestedName.ts"

const numRuns = Number(process.env.FUZZ_CASES ?? 2000)
const parameters = {
  numRuns,
  ...(process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) })
}
const timeout = 30_000 + numRuns * 5

/**
 * A valid text with a few bytes changed, removed, doubled or inserted. Such input breaks parsers more often than noise.
 */
const mutated = (texts: ReadonlyArray<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom("change", "cut", "double", "put"), fc.string({ unit: "binary" })), {
        maxLength: 6
      })
    )
    .map(([text, edits]) =>
      edits.reduce((current, [at, kind, piece]) => {
        const index = current.length === 0 ? 0 : at % current.length
        const rest = kind === "put" ? current.slice(index) : current.slice(index + 1 + (at % 7))
        return current.slice(0, index) + (kind === "double" ? current.slice(index).repeat(2) : piece) + rest
      }, text)
    )

const text = (texts: ReadonlyArray<string>) =>
  fc.oneof({ weight: 3, arbitrary: mutated(texts) }, fc.string({ unit: "binary", maxLength: 400 }))

const dates = [
  "120",
  "0",
  "Thu, 01 Jan 2026 00:00:10 GMT",
  "Thursday, 01-Jan-26 00:00:10 GMT",
  "Thu Jan  1 00:00:10 2026"
]
const ranges = ["bytes 0-499/1234", "bytes 500-1233/1234", "bytes 0-0/*", "bytes */1234"]
const dispositions = [
  'attachment; filename="setup.sh"',
  "attachment; filename*=UTF-8''%e2%82%ac%20setup.sh",
  'inline; filename="../../etc/passwd"; x=1'
]
const challenges = ['Bearer realm="privx", error="invalid_token", error_description="over"', "Basic realm=x, Negotiate"]
const cookies = [
  "sticky=node-1; Path=/; Secure; HttpOnly; SameSite=Lax",
  "a=b; Expires=Thu, 01 Jan 2026 00:00:10 GMT; Max-Age=60; Domain=example.com"
]
const bodies = [
  '{"error_code":"MAX_LOAD","error_message":"busy","property":"p","details":[null]}',
  '{"error_code":"X","details":[{"error_code":"CACHE_ERROR","details":[{"error_code":"MAX_LOAD"}]}]}',
  "<!DOCTYPE html><html><body>502</body></html>",
  '{"error":"invalid_grant","error_description":"no"}',
  "[]",
  ""
]

const header = fc.option(fc.oneof(text([...dates, ...challenges]), fc.array(text(dates), { maxLength: 3 })), {
  nil: undefined
})

const answer: fc.Arbitrary<ResponseFailure.Answer> = fc.record({
  operation: fc.constant("Fuzz.operation"),
  status: fc.integer({ min: 100, max: 999 }),
  headers: fc.record({
    "content-type": header,
    "retry-after": header,
    "x-request-id": header,
    "www-authenticate": header
  }),
  body: fc.oneof(
    text(bodies).map((body) => new TextEncoder().encode(body)),
    fc.json({ maxDepth: 8 }).map((body) => new TextEncoder().encode(body)),
    fc.uint8Array({ maxLength: 400 })
  ),
  now: fc.integer()
})

const codec = Schema.toCodecJson(PrivxFailure)

describe("what a server sends", () => {
  it("becomes a typed failure that renders to one line and survives the journal", { timeout }, () => {
    fc.assert(
      fc.property(answer, (input) => {
        for (const failure of [ResponseFailure.make(input), ResponseFailure.unusableSuccess(input)]) {
          assert.isTrue(failure instanceof UnexpectedResponse || Schema.is(ApiError.ApiError)(failure))
          // oxlint-disable-next-line no-control-regex -- the very characters that must not be there
          assert.notMatch(failure.message + failure.hint, /[\n\r\u001b\u202e]/)
          assert.isBelow(failure.message.length, 600)
          const again = Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(failure))))
          assert.strictEqual(again.constructor, failure.constructor)
        }
      }),
      parameters
    )
  })

  it("keeps every known code, whatever stands around it", { timeout }, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ErrorCode.all),
        fc.dictionary(fc.string(), fc.jsonValue()),
        answer,
        (code, rest, input) => {
          const body = new TextEncoder().encode(JSON.stringify({ ...rest, error_code: code }))
          const failure = ResponseFailure.make({ ...input, body })
          assert.strictEqual("code" in failure ? failure.code : undefined, code)
        }
      ),
      parameters
    )
  })

  it("is a time to wait, not negative and finite, or nothing", { timeout }, () => {
    fc.assert(
      fc.property(text(dates), fc.integer(), (value, now) => {
        const wait = RetryAfter.parse(value, now)
        assert.isTrue(wait === undefined || (Duration.toMillis(wait) >= 0 && Duration.isFinite(wait)))
      }),
      parameters
    )
  })

  it("is a range that does not contradict itself, or nothing", { timeout }, () => {
    fc.assert(
      fc.property(text(ranges), (value) => {
        const range = ContentRange.parse(value)
        if (range === undefined) return
        assert.isTrue(Number.isSafeInteger(range.last) && range.first <= range.last)
        assert.isTrue(range.total === undefined || range.last < range.total)
      }),
      parameters
    )
  })

  it("is a file name that leads nowhere else, or nothing", { timeout }, () => {
    fc.assert(
      fc.property(text(dispositions), (value) => {
        const name = suggestedName(value)
        if (name === undefined) return
        // oxlint-disable-next-line no-control-regex -- the very characters that must not be there
        assert.notMatch(name, /[/\\\u0000-\u001f]|^\./)
        assert.isTrue(name.length > 0 && name.length <= 255)
      }),
      parameters
    )
  })

  it("is a cookie with a name, or nothing", { timeout }, () => {
    fc.assert(
      fc.property(text(cookies), fc.date(), (value, now) => {
        const jar = new CookieJar.CookieJar("https://privx.example.com", () => now.getTime())
        jar.store([value], "/")
        const cookie = jar.header("/")
        if (cookie !== undefined) assert.match(cookie, /^[\x20-\x7e]+$/)
      }),
      parameters
    )
  })

  it("is a list of challenges", { timeout }, () => {
    fc.assert(
      fc.property(text(challenges), (value) => {
        for (const { scheme } of Challenge.parse(value)) assert.match(scheme, /^[a-z][\w-]*$/)
        Challenge.bearerProblem(value)
      }),
      parameters
    )
  })
})
