import { assert, describe, it } from "@effect/vitest"
import { fromDefect, fromSystem } from "../src/StorageFailed.ts"

/** In the form that Node throws. */
const thrown = (code: string, errno: number, syscall: string) =>
  Object.assign(new Error(`${code}: ${code}, ${syscall}`), { code, errno, syscall })

describe("StorageFailed", () => {
  it("knows a used-up quota, for which Node has no name", () => {
    const failure = fromSystem("/data/file")(thrown("Unknown system error -122", -122, "fsync"))
    assert.strictEqual(failure.reason, "full")
    assert.strictEqual(failure.message, "/data/file could not be used: EDQUOT: the disk quota of this user is used up.")
    assert.strictEqual(fromDefect(thrown("Unknown system error -122", -122, "fsync"))?.reason, "full")
  })

  it("takes every error of a system call for a failure of the machine, and nothing else", () => {
    assert.strictEqual(fromDefect(thrown("EFBIG", -27, "write"))?.reason, "full")
    assert.strictEqual(fromDefect(thrown("ENFILE", -23, "open"))?.reason, "tooManyFiles")
    assert.strictEqual(fromDefect(thrown("ELOOP", -40, "open"))?.reason, "path")
    assert.strictEqual(fromDefect(thrown("Unknown system error -4094", -4094, "read"))?.reason, "other")
    assert.isUndefined(fromDefect(new TypeError("x is not a function")))
    assert.isUndefined(fromDefect(thrown("ECONNRESET", -104, "read")))
  })
})
