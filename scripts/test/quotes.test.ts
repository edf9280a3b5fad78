import { assert, describe, it } from "vitest"
import { refresh } from "../quotes.ts"

const files: Record<string, string> = {
  "examples/whole.ts": "const a = 1\nconst b = 2\n",
  "examples/part.ts": "before\n  // #region middle\n  one\n    two\n  // #endregion\nafter\n",
  "secrets.ts": "const c = 3\n"
}

const read = (file: string) => files[file]

const quote = (marker: string, code: string) =>
  `# Title\n\n<!-- example: ${marker} -->\n\n\`\`\`ts\n${code}\n\`\`\`\n\nMore.\n`

describe("the quotes in the documentation", () => {
  it("pass when they equal the file", () => {
    assert.deepStrictEqual(refresh(quote("examples/whole.ts", "const a = 1\nconst b = 2"), read), {
      text: quote("examples/whole.ts", "const a = 1\nconst b = 2"),
      count: 1,
      problems: []
    })
  })

  it("are caught and brought up to date when they differ by one character", () => {
    const { problems, text } = refresh(quote("examples/whole.ts", "const a = 1\nconst b = 3"), read)
    assert.deepStrictEqual(problems, ["examples/whole.ts: the quote differs from the file"])
    assert.strictEqual(text, quote("examples/whole.ts", "const a = 1\nconst b = 2"))
  })

  it("may be a region of a file, without its indentation", () => {
    assert.deepStrictEqual(refresh(quote("examples/part.ts#middle", "one\n  two"), read).problems, [])
    assert.lengthOf(refresh(quote("examples/part.ts#middle", "one\ntwo"), read).problems, 1)
  })

  it.each([
    ["examples/missing.ts", "examples/missing.ts: there is no such example"],
    ["secrets.ts", "secrets.ts: there is no such example"],
    ["examples/part.ts#nowhere", "examples/part.ts#nowhere: there is no such region"]
  ])("are caught when nothing stands behind %s", (marker, problem) => {
    assert.deepStrictEqual(refresh(quote(marker, "const c = 3"), read).problems, [problem])
  })

  it("are caught when a marker has no code block or is misspelt", () => {
    assert.lengthOf(refresh("<!-- example: examples/whole.ts -->\n\nText.\n", read).problems, 1)
    assert.lengthOf(refresh(quote("examples/whole.ts  region", "const a = 1"), read).problems, 1)
  })
})
