import { assert, describe, it } from "@effect/vitest"
import { Redaction } from "@privx-kit/core"
import * as Redacted from "effect/Redacted"

const secret = (...values: ReadonlyArray<string>) => values.map((value) => Redacted.make(value))

const id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"

describe("Redaction", () => {
  it.each([
    { encoding: "as it is", text: "wrong p&ss/wörd 1 here" },
    { encoding: "URL-encoded", text: `wrong ${encodeURIComponent("p&ss/wörd 1")} here` },
    { encoding: "form-encoded", text: `wrong ${new URLSearchParams({ "": "p&ss/wörd 1" }).toString().slice(1)} here` },
    { encoding: "in base64", text: `wrong ${Buffer.from("p&ss/wörd 1").toString("base64")} here` }
  ])("removes a known secret $encoding", ({ text }) => {
    assert.strictEqual(Redaction.redact(text, secret("p&ss/wörd 1")), "wrong <redacted> here")
  })

  it("never works inside its own replacement", () => {
    for (const value of ["red", "redacted", "<redacted>", "<", ">", "e", "act"]) {
      const text = Redaction.redact(`a ${value} b ${value} c hunter2hunter2`, secret(value, "hunter2hunter2"))
      assert.strictEqual(text, "a <redacted> b <redacted> c <redacted>")
    }
  })

  it("removes the longest of secrets that contain one another, whole", () => {
    assert.strictEqual(Redaction.redact("key=abcdef!", secret("abc", "abcdef", "cde")), "key=<redacted>!")
  })

  it("leaves the words of a text alone that contain a very short secret", () => {
    assert.strictEqual(Redaction.redact("a cat sat on pw a", secret("at", "pw")), "a cat sat on <redacted> a")
  })

  it.each([
    [`token ${jwt} refused`, "token <redacted> refused"],
    ["Authorization: Bearer abc123def456", "Authorization: Bearer <redacted>"],
    ["sent Basic cHJpdng6c2VjcmV0", "sent Basic <redacted>"],
    ["https://alice:s3cret@proxy.example:3128/", "https://alice:<redacted>@proxy.example:3128/"],
    ["GET /oauth?access_token=abc&x=1", "GET /oauth?access_token=<redacted>&x=1"],
    ['{"refresh_token":"abc","scope":"admin"}', '{"refresh_token":"<redacted>","scope":"admin"}'],
    [String.raw`{\"password\":\"abc\",\"user\":\"bob\"}`, String.raw`{\"password\":\"<redacted>\",\"user\":\"bob\"}`],
    ["Set-Cookie: SID=31d4d96e; Path=/; HttpOnly", "Set-Cookie: <redacted>"],
    [
      `cannot GET https://privx.example/connection-manager/api/v1/ueba/setup-script/${id}.`,
      "cannot GET https://privx.example/connection-manager/api/v1/ueba/setup-script/<redacted>."
    ],
    [`-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\nnext`, "<redacted>\nnext"]
  ])("removes what has the shape of a credential: %s", (text, expected) => {
    assert.strictEqual(Redaction.redact(text), expected)
  })

  it.each([
    "invalid_token: the token has expired",
    "Basic authentication is not allowed for this client",
    "password: too short",
    'The field "token" is required.',
    `no data set ${id}`,
    "https://privx.example:8443/path?x=1",
    '{"error":"invalid_client","error_description":"Client authentication failed."}'
  ])("leaves ordinary text alone: %s", (text) => {
    assert.strictEqual(Redaction.redact(text), text)
  })

  it("reads hostile text in one pass", () => {
    const hostile = ["eyJ".repeat(100_000), "token".repeat(100_000), "://a:".repeat(100_000), "bearer ".repeat(100_000)]
    for (const text of hostile) assert.isAtMost(Redaction.redact(text, secret("x1y2")).length, text.length * 3)
  })
})
