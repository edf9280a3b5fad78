import { assert, describe, it } from "@effect/vitest"
import * as OAuthError from "@privx-kit/http/OAuthError"
import * as PrivxFailure from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as Schema from "effect/Schema"

const make = (code: string, status = 400) =>
  new OAuthError.OAuthError({ operation: "TokenProvider.get", status, code, description: "line\nbreak" })

describe("OAuthError", () => {
  it("says in one line what the server answered, and has a hint for each of the six codes", () => {
    const hints = OAuthError.KnownCode.literals.map((code) => make(code).hint)
    assert.strictEqual(new Set(hints).size, 6)
    assert.strictEqual(
      make("invalid_grant").message,
      "TokenProvider.get failed: the authorization server answered 400 invalid_grant: line break."
    )
  })

  it("survives a JSON round trip as the same class", () => {
    const codec = Schema.toCodecJson(PrivxFailure.PrivxFailure)
    const failure = make("invalid_scope")
    const again = Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(failure))))
    assert.instanceOf(again, OAuthError.OAuthError)
    assert.deepInclude(again, { code: "invalid_scope", status: 400, description: "line\nbreak" })
  })

  it("is retried where the server says that it passes, and never where it refuses", () => {
    assert.strictEqual(RetryPolicy.classify(make("temporarily_unavailable")), "repeat")
    assert.strictEqual(RetryPolicy.classify(make("server_error", 503)), "repeat")
    for (const code of OAuthError.KnownCode.literals) assert.strictEqual(RetryPolicy.classify(make(code)), "never")
  })
})
