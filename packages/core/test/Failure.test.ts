import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

class DiskLeft extends Failure.Class<DiskLeft>()(
  "DiskLeft",
  { disk: Schema.String, since: Schema.optionalKey(Schema.DateTimeUtcFromString) },
  {
    message: ({ disk }) => `Cannot write to ${disk}: it was unplugged.`,
    hint: "Plug it in again.",
    section: ({ since }) => (since === undefined ? undefined : "storage")
  }
) {}

class Wide extends Failure.Class<Wide>()(
  "Wide",
  { text: Schema.String },
  { message: ({ text }) => text, hint: ({ text }) => text, section: "overload" }
) {}

const since = Schema.decodeSync(Schema.DateTimeUtcFromString)("2031-02-03T04:05:06.000Z")

describe("Failure.Class", () => {
  it("has the tag as its name, and the fields as they were given", () => {
    const failure = new DiskLeft({ disk: "/dev/sdb", since })
    assert.strictEqual(failure._tag, "DiskLeft")
    assert.strictEqual(failure.name, "DiskLeft")
    assert.strictEqual(failure.disk, "/dev/sdb")
    assert.instanceOf(failure, DiskLeft)
    assert.instanceOf(failure, Error)
  })

  it("says what failed, why and what to do", () => {
    assert.strictEqual(
      Failure.render(new DiskLeft({ disk: "/dev/sdb" })),
      "Cannot write to /dev/sdb: it was unplugged. Plug it in again."
    )
  })

  it("refers to a section of the troubleshooting page, always or when the failure asks for it", () => {
    assert.strictEqual(
      new DiskLeft({ disk: "/dev/sdb", since }).hint,
      "Plug it in again. See docs/troubleshooting.md#storage."
    )
    assert.strictEqual(new Wide({ text: "Wait." }).hint, "Wait. See docs/troubleshooting.md#overload.")
  })

  it("keeps message and hint to one line without control characters", () => {
    const failure = new Wide({ text: "two\r\nlines\u001b[31mred\u202e" })
    assert.strictEqual(failure.message, "two lines [31mred")
    assert.strictEqual(failure.hint, "two lines [31mred See docs/troubleshooting.md#overload.")
  })

  it("cuts a message after 500 characters and a hint after 700", () => {
    const failure = new Wide({ text: "x".repeat(1000) })
    assert.strictEqual(failure.message, `${"x".repeat(500)}…`)
    assert.strictEqual(failure.hint, `${"x".repeat(700)}… See docs/troubleshooting.md#overload.`)
  })

  it("survives a JSON round trip as the same class, without its texts", () => {
    const codec = Schema.toCodecJson(DiskLeft)
    const failure = new DiskLeft({ disk: "/dev/sdb", since })
    const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(codec)(failure)))
    assert.deepStrictEqual(json, { _tag: "DiskLeft", disk: "/dev/sdb", since: "2031-02-03T04:05:06.000Z" })
    const again = Schema.decodeUnknownSync(codec)(json)
    assert.instanceOf(again, DiskLeft)
    assert.strictEqual(again.message, failure.message)
  })

  it("refuses a field of the wrong type", () => {
    assert.throws(() => Schema.decodeUnknownSync(DiskLeft)({ _tag: "DiskLeft", disk: 1 }))
  })

  it("keeps the texts of one class out of another", () => {
    assert.strictEqual(new Wide({ text: "own" }).message, "own")
    assert.strictEqual(new DiskLeft({ disk: "d" }).message, "Cannot write to d: it was unplugged.")
  })

  it.effect("can be yielded, and is caught by its tag", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        return yield* new DiskLeft({ disk: "/dev/sdb" })
      })
      const caught = yield* program.pipe(Effect.catchTag("DiskLeft", ({ disk }) => Effect.succeed(disk)))
      assert.strictEqual(caught, "/dev/sdb")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(program)))
    })
  )

  it("is made from trusted fields without a stack, with the same texts", () => {
    const failure = Failure.trusted(DiskLeft, { disk: "/dev/sdb", since })
    assert.instanceOf(failure, DiskLeft)
    assert.strictEqual(failure.message, "Cannot write to /dev/sdb: it was unplugged.")
    assert.strictEqual(
      failure.stack,
      "DiskLeft: Cannot write to /dev/sdb: it was unplugged.\n  Plug it in again. See docs/troubleshooting.md#storage."
    )
  })
})
