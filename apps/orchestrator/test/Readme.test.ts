import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Man from "../scripts/man.ts"
import * as Readme from "../scripts/readme.ts"
import * as Reference from "../scripts/reference.ts"

describe("what is generated of the documentation: pnpm --filter privx-kit readme", () => {
  it("the README has the packages that there are, and at most 150 lines", () => {
    const text = fs.readFileSync(Readme.file, "utf8")
    assert.strictEqual(text, Readme.refresh(text))
    assert.isAtMost(text.trimEnd().split("\n").length, 150)
  })

  it.effect("the reference has every command, setting, exit code and format as the program has it", () =>
    Effect.gen(function* () {
      const pages = yield* Reference.pages
      for (const [name, text] of pages) {
        assert.strictEqual(fs.readFileSync(path.join(Reference.directory, name), "utf8"), text, name)
      }
      assert.deepStrictEqual(Reference.present().toSorted(), [...pages.keys()].toSorted())
      assert.include(pages.get("commands/ueba.md"), "## privx-kit ueba setup\n")
    })
  )

  it.effect("each command has a man page", () =>
    Effect.gen(function* () {
      const pages = new Map(yield* Man.pages("1.2.3"))
      assert.include(pages.get("privx-kit.1"), '.TH PRIVX-KIT 1 "" "privx\\-kit 1.2.3"')
      assert.include(pages.get("privx-kit-runs-list.1"), "\\-\\-output FORMAT")
      for (const [file, text] of pages) assert.notMatch(text, /^[.'](?!TH|SH|TP|PP|BR?|nf|fi)/m, file)
    })
  )
})
