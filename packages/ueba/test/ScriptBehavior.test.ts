/**
 * The findings of the command checks, for one small script each. `fixtures/scripts/*.txt` contain the scripts, separated
 * by `---`. They are data and never run.
 */
import { assert, describe, it } from "@effect/vitest"
import { VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"

const scripts = (name: string): ReadonlyArray<string> =>
  fs
    .readFileSync(new URL(`fixtures/scripts/${name}.txt`, import.meta.url), "utf8")
    .split("\n---\n")
    .map((text) => text.trimEnd())

/** The checks that warn about or refuse a script. */
const findings = (text: string) =>
  Effect.map(
    VerifySetupScript.inspectSetupScript(
      new TextEncoder().encode(`#!/bin/bash\nset -e\necho start\n${text}\necho end\n`)
    ),
    ({ checks }) => checks.filter(({ outcome }) => outcome === "failed" || outcome === "warned").map(({ name }) => name)
  )

describe.each<[string, ReadonlyArray<string>]>([
  ["fetched-code", ["noFetchedCode"]],
  ["fetched-code-hidden", ["noFetchedCode"]],
  ["removals", ["noBroadRemoval", "noSensitiveChanges"]],
  ["removals-hidden", ["noBroadRemoval"]],
  ["sensitive-changes", ["noSensitiveChanges", "noBroadRemoval"]],
  ["sensitive-changes-hidden", ["noSensitiveChanges"]],
  ["reader-tricks", ["noReaderTricks", "noSensitiveChanges", "noFetchedCode"]]
])("%s", (file, checks) => {
  it.effect.each(scripts(file))("finds %j", (text) =>
    Effect.gen(function* () {
      const found = yield* findings(text)
      assert.isTrue(
        checks.some((check) => found.includes(check)),
        `found by ${found.join(", ") || "no check"}`
      )
    })
  )
})

describe("harmless scripts", () => {
  it.effect.each(scripts("harmless"))("finds nothing in %j", (text) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* findings(text), [])
    })
  )
})
