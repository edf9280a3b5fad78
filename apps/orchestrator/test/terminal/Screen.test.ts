import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Screen from "../../src/terminal/Screen.ts"

const written = (isTerminal: boolean, text: string) =>
  Effect.gen(function* () {
    let all = ""
    const capabilities = { color: true, animation: false, unicode: true }
    const output = { write: (data: string | Uint8Array) => void (all += String(data)), flush: async () => undefined }
    const pane = Screen.make({ capabilities, columns: () => 80, isTerminal, output })
    yield* pane.line(text)
    return all
  })

describe("a line", () => {
  it.effect("with words of others does nothing to a terminal but to be shown", () =>
    Effect.gen(function* () {
      const words = "a\u001b]0;title\u0007b\u001b[2Jc\u009b1Ad\re\u202ef"
      assert.strictEqual(yield* written(true, words), "a?]0;title?b?[2Jc?1Ad?e?f\n")
      assert.strictEqual(
        yield* written(true, "\u001b[1;31mred\u001b[39m\tä ✓\nnext"),
        "\u001b[1;31mred\u001b[39m\tä ✓\nnext\n"
      )
      // Output to a file or another program is not changed.
      assert.strictEqual(yield* written(false, words), `${words}\n`)
    })
  )
})
