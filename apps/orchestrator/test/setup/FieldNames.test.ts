/** The name of an input determines the names of its flag and of its field in a file, and vice versa. */
import { assert, describe, it } from "@effect/vitest"
import * as FieldNames from "../../src/setup/FieldNames.ts"
import { setupFileFields } from "../../src/setup/SetupFileFields.ts"
import { setupFields } from "../../src/setup/SetupFields.ts"
import { SetupInputs } from "../../src/setup/SetupInputs.ts"

describe("FieldNames", () => {
  it("writes the same name for a flag, a file and everything else", () => {
    assert.strictEqual(FieldNames.toFlag("requireApproval"), "require-approval")
    assert.strictEqual(FieldNames.toFile("requireApproval"), "require_approval")
    assert.deepStrictEqual(FieldNames.fromFile({ max_bytes: 1, sha256: "ab", $schema: "x", nested: { as_is: 2 } }), {
      maxBytes: 1,
      sha256: "ab",
      $schema: "x",
      nested: { as_is: 2 }
    })
  })

  it("leads back from a file to every input that a file can have", () => {
    const inFiles = Object.entries(setupFields).flatMap(([name, field]) => ("file" in field ? [name] : []))
    assert.deepStrictEqual(Object.keys(FieldNames.fromFile(setupFileFields)), inFiles)
  })

  it("keeps the order of the inputs in the journal, on which the identity of a setup depends", () => {
    assert.deepStrictEqual(Object.keys(SetupInputs.fields), [
      "output",
      "sha256",
      "minBytes",
      "maxBytes",
      "policy",
      "requireApproval",
      "mode",
      "owner",
      "connection"
    ])
  })
})
