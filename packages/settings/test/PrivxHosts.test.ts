import { assert, describe, it } from "@effect/vitest"
import { nameOf } from "../src/PrivxHosts.ts"

describe("the name of a target", () => {
  it.each([
    ["https://privx.example", "https://privx.example"],
    ["https://privx.example/", "https://privx.example"],
    ["https://privx.example:443/", "https://privx.example"],
    ["https://privx.example:8443/tenant/", "https://privx.example:8443/tenant"],
    ["https://ada:secret@PrivX.example/?token=secret#secret", "https://privx.example"]
  ])("of %s is %s: one name for one host, and no secret in it", (url, name) => {
    assert.strictEqual(nameOf(new URL(url)), name)
  })
})
