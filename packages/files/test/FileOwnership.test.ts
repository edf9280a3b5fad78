import { assert, describe, it } from "@effect/vitest"
import * as FileOwnership from "@privx-kit/files/FileOwnership"

const own = process.geteuid?.() ?? 0

describe("FileOwnership.problem", () => {
  it("accepts what only this user and root can write, with any rights to read it", () => {
    for (const mode of [0o600, 0o644, 0o755, 0o700, 0o4755]) {
      assert.strictEqual(FileOwnership.problem({ uid: own, mode }), undefined)
      assert.strictEqual(FileOwnership.problem({ uid: 0, mode }), undefined)
    }
  })

  it("names the mode that lets the group or others write, with or without the sticky bit", () => {
    for (const [mode, text] of [
      [0o40775, "0775"],
      [0o40757, "0757"],
      [0o41777, "1777"],
      [0o42770, "2770"],
      [0o100602, "0602"]
    ] as const) {
      const expected = `can be written by other users (mode ${text})`
      assert.strictEqual(FileOwnership.problem({ uid: own, mode }), expected)
      assert.strictEqual(FileOwnership.problem({ uid: 0, mode }), expected)
    }
  })

  it("names the owner who is neither this user nor root", () => {
    assert.strictEqual(
      FileOwnership.problem({ uid: own + 4711, mode: 0o600 }),
      `belongs to another user (uid ${own + 4711})`
    )
  })
})
