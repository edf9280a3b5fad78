import { assert, describe, it } from "@effect/vitest"
import * as Capabilities from "../../src/terminal/Capabilities.ts"

const detect = (environment: Capabilities.Environment, isTerminal = true, color?: boolean) =>
  Capabilities.detect({ isTerminal, environment, platform: "linux", color })

describe("Capabilities.detect", () => {
  it("colours and animates on a terminal, and neither into a file or pipe", () => {
    assert.deepInclude(detect({ TERM: "xterm" }), { color: true, animation: true })
    assert.deepInclude(detect({ TERM: "xterm" }, false), { color: false, animation: false })
  })

  it("neither colours nor animates on a dumb terminal", () => {
    assert.deepInclude(detect({ TERM: "dumb" }), { color: false, animation: false })
  })

  it("animates nothing under CI, whose logs keep every frame", () => {
    assert.isFalse(detect({ TERM: "xterm", CI: "true" }).animation)
    assert.isTrue(detect({ TERM: "xterm", CI: "false" }).animation)
  })

  it("honours NO_COLOR with any value, before FORCE_COLOR", () => {
    assert.isFalse(detect({ NO_COLOR: "0" }).color)
    assert.isFalse(detect({ NO_COLOR: "1", FORCE_COLOR: "1" }).color)
    assert.isTrue(detect({ NO_COLOR: "" }).color)
  })

  it("honours FORCE_COLOR without a terminal, except when it says no", () => {
    assert.isTrue(detect({ FORCE_COLOR: "1" }, false).color)
    assert.isFalse(detect({ FORCE_COLOR: "0" }, false).color)
    assert.isFalse(detect({ FORCE_COLOR: "false" }, false).color)
  })

  it("turns colours off at a terminal where FORCE_COLOR says no", () => {
    assert.isFalse(detect({ TERM: "xterm", FORCE_COLOR: "0" }).color)
    assert.isFalse(detect({ TERM: "xterm", FORCE_COLOR: "False" }).color)
    assert.isTrue(detect({ TERM: "xterm", FORCE_COLOR: "" }).color)
  })

  it("puts the flag before the environment", () => {
    assert.isTrue(detect({ NO_COLOR: "1" }, false, true).color)
    assert.isFalse(detect({ FORCE_COLOR: "1" }, true, false).color)
  })

  it("uses signs beyond ASCII only where the locale says UTF-8; the strongest variable counts", () => {
    assert.isTrue(detect({ LANG: "en_US.UTF-8" }).unicode)
    assert.isTrue(detect({ LANG: "C.utf8" }).unicode)
    assert.isFalse(detect({ LANG: "C" }).unicode)
    assert.isFalse(detect({}).unicode)
    assert.isFalse(detect({ LC_ALL: "C", LANG: "en_US.UTF-8" }).unicode)
  })
})
