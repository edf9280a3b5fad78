import * as ApiError from "@privx-kit/core/ApiError"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import * as path from "node:path"
import { inspect } from "node:util"
import { assert, describe, it } from "vitest"

const answered = ApiError.make(
  { code: "MAX_LOAD", details: [] },
  { status: 503, operation: "Ueba.createSession", requestId: "r1" }
)
const message = "MaxLoad: Ueba.createSession failed: PrivX answered 503 MAX_LOAD"
const lines = [
  `${message} [request r1].`,
  "  This is temporary. Try again in a moment. See docs/troubleshooting.md#overload."
]

const constructed = () => new StorageFailed({ path: "/srv", reason: "full", detail: "ENOSPC: no space left" })

describe("a failure is printed with message, hint and where it comes from", () => {
  it("by util.inspect and console.error, with its fields", () => {
    assert.strictEqual(
      inspect(answered, { breakLength: 200 }),
      `${lines.join("\n")} { code: 'MAX_LOAD', details: [], status: 503, operation: 'Ueba.createSession', requestId: 'r1' }`
    )
    const [head, hint, frame] = inspect(constructed()).split("\n")
    assert.strictEqual(head, "StorageFailed: /srv could not be used: ENOSPC: no space left.")
    assert.strictEqual(
      hint,
      "  Free space on the disk or choose another directory, then run the command again. See docs/troubleshooting.md#storage."
    )
    assert.match(frame ?? "", /^ {4}at constructed \(.*Printing\.test\.ts:\d+:\d+\)$/)
  })

  it("within another error, and shortened where it is too deep", () => {
    const wrapped = inspect(new Error("outer", { cause: answered }))
    assert.include(wrapped, `[cause]: ${lines[0]}`)
    assert.include(inspect({ a: { b: { c: answered } } }, { depth: 1 }), "[Object]")
    assert.strictEqual(inspect({ a: answered }, { depth: 0 }), "{ a: [MaxLoad] }")
  })

  it("by Cause.pretty and Effect's logger, with the spans", async () => {
    const cause = await Effect.runPromise(
      Effect.fail(answered).pipe(Effect.withSpan("Fleet.start"), Effect.sandbox, Effect.flip)
    )
    const [head, hint, span] = Cause.pretty(cause).split("\n")
    assert.deepStrictEqual([head, hint], lines)
    assert.match(span ?? "", /^ {4}at Fleet\.start \(.*Printing\.test\.ts/)
    const logged: Array<string> = []
    const logger = Logger.map(Logger.formatSimple, (line) => void logged.push(line))
    await Effect.runPromise(Effect.logError("no session", cause).pipe(Effect.provide(Logger.layer([logger]))))
    assert.include(logged.join("\n"), "\n  This is temporary. Try again in a moment.")
  })

  it("by vitest", () => {
    const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")
    const root = path.join(import.meta.dirname, "printing")
    const { stderr } = spawnSync(process.execPath, [vitest, "run", "--root", root], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", VITEST_WORKER_ID: undefined }
    })
    assert.include(stderr, `${message}.\nThis is temporary. Try again in a moment.`)
  })

  it("and as a string that is only the message", () => {
    assert.strictEqual(String(answered), lines[0])
    assert.strictEqual(answered.stack, lines.join("\n"))
  })
})
