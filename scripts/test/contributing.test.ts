import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "vitest"
import pkg from "../../package.json" with { type: "json" }

const contributing = fs.readFileSync(path.join(import.meta.dirname, "../../CONTRIBUTING.md"), "utf8")

const isNamed = (script: string): boolean =>
  new RegExp("(?:`|^)(?:npx --yes )?pnpm (?:run )?" + script + "(?:[` ]|$)", "m").test(contributing)

describe("CONTRIBUTING.md", () => {
  it("names every script of package.json", () => {
    assert.deepStrictEqual(
      Object.keys(pkg.scripts).filter((script) => !isNamed(script)),
      []
    )
  })

  it("names no script that is not there", () => {
    const named = [...contributing.matchAll(/`pnpm (?:run )?([a-z][\w:-]*)[ `]/g)].map(([, script = ""]) => script)
    assert.deepStrictEqual(
      named.filter((script) => !(script in pkg.scripts) && !["changeset", "docs"].includes(script)),
      []
    )
  })
})
