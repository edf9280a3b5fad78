import { assert, describe, it } from "@effect/vitest"
import { Failure, SessionId, UnexpectedResponse } from "@privx-kit/core"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

describe("UnexpectedResponse", () => {
  const html = new UnexpectedResponse({
    operation: "Ueba.createSession",
    status: 502,
    reason: "html",
    contentType: "text/html",
    excerpt: "<html>\n<h1>Bad Gateway</h1>"
  })

  it("renders to one line, with advice", () => {
    assert.strictEqual(
      Failure.render(html),
      "Ueba.createSession failed: the server answered 502 with an HTML page: <html> <h1>Bad Gateway</h1>. " +
        "Check the base URL, and whether a proxy or load balancer answers instead of PrivX. " +
        "See docs/troubleshooting.md#unexpected-response."
    )
  })

  it("survives a JSON round trip as the same class", () => {
    const codec = Schema.toCodecJson(UnexpectedResponse)
    const again = Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(html))))
    assert.instanceOf(again, UnexpectedResponse)
    assert.strictEqual(again.message, html.message)
  })
})

describe("SessionId", () => {
  it("shows nothing of itself", () => {
    const id = Schema.decodeUnknownSync(SessionId.SetupSessionId)("5bf77342-221c-11ee-be56-0242ac120002")
    assert.notInclude(`${id} ${JSON.stringify({ id })}`, "5bf77342")
    assert.strictEqual(Redacted.value(id), "5bf77342-221c-11ee-be56-0242ac120002")
  })

  it("refuses what is no UUID without quoting it", () => {
    try {
      Schema.decodeUnknownSync(SessionId.SetupSessionId)("not-a-uuid-secret")
      assert.fail("accepted")
    } catch (error) {
      assert.notInclude(String(error), "not-a-uuid-secret")
    }
  })

  it.each(["", ".", ".."])("refuses %j as a playback session, which would lead to another path", (id) => {
    assert.isTrue(Schema.decodeUnknownOption(SessionId.PlaybackSessionId)(id)._tag === "None")
  })
})
