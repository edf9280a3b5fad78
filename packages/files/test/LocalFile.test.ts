import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { LocalFile, syncDirectory } from "../src/LocalFile.ts"

const text = (content: string) => new TextEncoder().encode(content)

describe("LocalFile", () => {
  it.effect("has its final name after the rename, and replaces what has that name", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const final = path.join(folder, "artifact")
      fs.writeFileSync(final, "old")
      yield* Effect.promise(async () => {
        const file = await LocalFile.begin(path.join(folder, ".artifact.part"))
        file.write(text("new"))
        await file.sync()
        assert.strictEqual(fs.readFileSync(final, "utf8"), "old")
        file.rename(final)
        await syncDirectory(folder)
        file.close()
        file.close()
      })
      assert.strictEqual(fs.readFileSync(final, "utf8"), "new")
      assert.deepStrictEqual(fs.readdirSync(folder), ["artifact"])
      assert.strictEqual(temporary.modeOf(final), "600")
    })
  )

  it.effect("closed without a rename, it is gone", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      yield* Effect.promise(async () => {
        const file = await LocalFile.begin(path.join(folder, ".part"))
        file.write(text("half"))
        file.close()
      })
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )

  it.effect("takes the place of a file that a killed process has left", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const part = path.join(folder, ".part")
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

describe("syncDirectory", () => {
  it.effect("many callers at once all succeed, and a folder that is missing fails each of them", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const many = (name: string) =>
        Effect.promise(() => Promise.allSettled(Array.from({ length: 20 }, () => syncDirectory(name))))
      const synced = yield* many(folder)
      assert.isTrue(synced.every(({ status }) => status === "fulfilled"))
      const missing = yield* many(path.join(folder, "none"))
      assert.isTrue(missing.every(({ status }) => status === "rejected"))
      // A failure does not stay.
      fs.mkdirSync(path.join(folder, "none"))
      assert.deepStrictEqual(
        (yield* many(path.join(folder, "none"))).map(({ status }) => status),
        Array.from({ length: 20 }, () => "fulfilled")
      )
    })
  )
})
