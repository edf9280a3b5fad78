import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { DirectoryFlush } from "../src/DirectoryFlush.ts"
import { LocalFile } from "../src/LocalFile.ts"

const text = (content: string) => new TextEncoder().encode(content)

describe("LocalFile", () => {
  it.effect("has its final name after the rename, and replaces what has that name", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const final = path.join(directory, "artifact")
      fs.writeFileSync(final, "old")
      yield* Effect.promise(async () => {
        const file = await LocalFile.begin(path.join(directory, ".artifact.part"))
        file.write(text("new"))
        await file.sync()
        assert.strictEqual(fs.readFileSync(final, "utf8"), "old")
        file.rename(final)
        await new DirectoryFlush().flush(directory)
        file.close()
        file.close()
      })
      assert.strictEqual(fs.readFileSync(final, "utf8"), "new")
      assert.deepStrictEqual(fs.readdirSync(directory), ["artifact"])
      assert.strictEqual(temporary.modeOf(final), "600")
    })
  )

  it.effect("closed without a rename, it is gone", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      yield* Effect.promise(async () => {
        const file = await LocalFile.begin(path.join(directory, ".part"))
        file.write(text("half"))
        file.close()
      })
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  )

  it.effect("takes the place of a file that a killed process has left", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const part = path.join(directory, ".part")
      fs.writeFileSync(part, "what a killed process has left")
      yield* Effect.promise(async () => {
        const file = await LocalFile.begin(part)
        file.write(text("x"))
        assert.strictEqual(fs.readFileSync(part, "utf8"), "x")
        file.close()
      })
    })
  )
})
