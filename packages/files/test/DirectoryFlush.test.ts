import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { DirectoryFlush } from "../src/DirectoryFlush.ts"

describe("DirectoryFlush", () => {
  it.effect("many callers at once all succeed, and a directory that is missing fails each of them", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const flushes = new DirectoryFlush()
      const many = (name: string) =>
        Effect.promise(() => Promise.allSettled(Array.from({ length: 20 }, () => flushes.flush(name))))
      const synced = yield* many(directory)
      assert.isTrue(synced.every(({ status }) => status === "fulfilled"))
      const missing = yield* many(path.join(directory, "none"))
      assert.isTrue(missing.every(({ status }) => status === "rejected"))
      // A failure does not persist.
      fs.mkdirSync(path.join(directory, "none"))
      assert.deepStrictEqual(
        (yield* many(path.join(directory, "none"))).map(({ status }) => status),
        Array.from({ length: 20 }, () => "fulfilled")
      )
    })
  )
})
