import { assert, describe, it } from "@effect/vitest"
import { dataDirectory, stateDirectory } from "../src/UserDirectories.ts"

describe("UserDirectories", () => {
  it("puts the data directory where the XDG base directory specification says", () => {
    assert.strictEqual(dataDirectory({ XDG_DATA_HOME: "/data" }, "/home/ada"), "/data/privx-kit")
    assert.strictEqual(dataDirectory({}, "/home/ada"), "/home/ada/.local/share/privx-kit")
    assert.strictEqual(dataDirectory({ XDG_DATA_HOME: "" }, "/home/ada"), "/home/ada/.local/share/privx-kit")
    assert.strictEqual(dataDirectory({ XDG_DATA_HOME: "relative" }, "/home/ada"), "/home/ada/.local/share/privx-kit")
  })

  it("puts the state directory where the XDG base directory specification says", () => {
    assert.strictEqual(stateDirectory({ XDG_STATE_HOME: "/state" }, "/home/ada"), "/state/privx-kit")
    assert.strictEqual(stateDirectory({}, "/home/ada"), "/home/ada/.local/state/privx-kit")
    assert.strictEqual(stateDirectory({ XDG_STATE_HOME: "relative" }, "/home/ada"), "/home/ada/.local/state/privx-kit")
  })
})
