import { assert, describe, it } from "@effect/vitest"
import * as ApiError from "@privx-kit/core/ApiError"
import * as Failure from "@privx-kit/core/Failure"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import { Reason, TransportError } from "@privx-kit/http/TransportError"
import * as fs from "node:fs"

const text = fs.readFileSync(new URL("../../../docs/troubleshooting.md", import.meta.url), "utf8")

/** The anchors of a heading in rendered Markdown. */
const anchors = new Set(
  [...text.matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"))
)

const failures = [
  ...Reason.literals.flatMap((reason) => [
    new TransportError({ operation: "x", origin: "https://h", reason, detail: "" }),
    new TransportError({ operation: "x", origin: "https://h", reason, detail: "", proxy: "http://p:1080" })
  ]),
  ...[200, 400, 401, 403, 404, 429, 503].flatMap((status) => [
    new UnexpectedResponse({ operation: "x", status, reason: "html", excerpt: "" }),
    new UnexpectedResponse({ operation: "x", status, reason: "empty", excerpt: "" }),
    ApiError.make({ code: "GENERAL_ERROR", details: [] }, { operation: "x", status })
  ]),
  new StorageFailed({ path: "/x", reason: "full", detail: "ENOSPC" })
]

describe("docs/troubleshooting.md", () => {
  it("has a section for each link that a failure shows", () => {
    for (const failure of failures) {
      const section = /docs\/troubleshooting\.md#([a-z-]+)\.$/.exec(failure.hint)?.[1]
      if (failure instanceof TransportError) assert.isDefined(section)
      if (section !== undefined) assert.isTrue(anchors.has(section), section)
    }
  })

  it("quotes what each reason of a TransportError says", () => {
    for (const failure of failures) {
      if (!(failure instanceof TransportError) || failure.proxy !== undefined) continue
      const said = /^x failed: (.+) \(https:\/\/h\)\.$/.exec(failure.message)?.[1]
      assert.include(text, said === "the proxy refused" ? "`failed at the proxy" : `\`${said}\``)
      assert.include(text, `\`${failure.reason}\``)
    }
    assert.strictEqual(Failure.troubleshooting, "docs/troubleshooting.md")
  })
})
