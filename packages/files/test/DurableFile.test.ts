import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import * as path from "node:path"
import * as DurableFile from "../src/DurableFile.ts"

const text = (content: string) => new TextEncoder().encode(content)

describe("DurableFile.begin", () => {
  it.effect("shows the final name only with all that was written", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const final = path.join(directory, "script.sh")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const file = yield* DurableFile.begin(path.join(directory, ".script.part"))
          yield* file.write(text("#!/bin/sh\n"))
          assert.isFalse(fs.existsSync(final))
          yield* file.write(text("exit 0\n"))
          yield* file.commit(final)
        })
      )
      assert.strictEqual(fs.readFileSync(final, "utf8"), "#!/bin/sh\nexit 0\n")
      assert.deepStrictEqual(fs.readdirSync(directory), ["script.sh"])
      assert.strictEqual(temporary.modeOf(final), "600")
    })
  )

  it.effect("leaves nothing when it is not committed: after success, a failure and an interruption", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const part = path.join(directory, ".part")
      const write = Effect.flatMap(DurableFile.begin(part), (file) => file.write(text("half")))
      yield* Effect.scoped(write)
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      yield* Effect.exit(Effect.scoped(Effect.andThen(write, Effect.fail("later"))))
      assert.deepStrictEqual(fs.readdirSync(directory), [])
      const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(write, Effect.never)), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  )

  it.effect("starts again with an empty file", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const final = path.join(directory, "script.sh")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const file = yield* DurableFile.begin(path.join(directory, ".part"))
          yield* file.write(text("the first answer, which was cut"))
          file.reset()
          yield* file.write(text("the second"))
          yield* file.commit(final)
        })
      )
      assert.strictEqual(fs.readFileSync(final, "utf8"), "the second")
    })
  )

  it.effect("refuses a temporary name that is taken: another process may be writing it", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const part = path.join(directory, ".part")
      fs.writeFileSync(part, "of another process")
      const failure = yield* Effect.flip(Effect.scoped(DurableFile.begin(part)))
      assert.strictEqual(failure._tag, "StorageFailed")
      assert.strictEqual(fs.readFileSync(part, "utf8"), "of another process")
    })
  )

  it.effect("keeps its owner's rights under any umask", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const final = path.join(directory, "manifest.json")
      const before = process.umask(0o777)
      yield* DurableFile.write(final, text("{}"), { owner: "run" }).pipe(
        Effect.ensuring(Effect.sync(() => process.umask(before)))
      )
      assert.strictEqual(temporary.modeOf(final), "600")
    })
  )
})

describe("DurableFile.write", () => {
  it.effect("replaces what is there as a whole", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const file = path.join(directory, "record.json")
      yield* DurableFile.write(file, text("one"), { owner: "run", mode: 0o640 })
      yield* DurableFile.write(file, text("two"), { owner: "run", mode: 0o640 })
      assert.strictEqual(fs.readFileSync(file, "utf8"), "two")
      assert.deepStrictEqual(fs.readdirSync(directory), ["record.json"])
    })
  )

  it.effect("removes what the same owner has left after a crash, and nothing of another owner", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const file = path.join(directory, "record.json")
      fs.writeFileSync(path.join(directory, ".record.json.run.part"), "left")
      fs.writeFileSync(path.join(directory, ".record.json.other.part"), "kept")
      yield* DurableFile.write(file, text("whole"), { owner: "run" })
      assert.deepStrictEqual(fs.readdirSync(directory).toSorted(), [".record.json.other.part", "record.json"])
      assert.strictEqual(fs.readFileSync(file, "utf8"), "whole")
    })
  )

  it.effect("fails with the path and the reason of the system, and keeps what was there", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const file = path.join(directory, "none", "record.json")
      const failure = yield* Effect.flip(DurableFile.write(file, text("x"), { owner: "run" }))
      assert.deepInclude(failure, { _tag: "StorageFailed", reason: "missing" })
      const occupied = path.join(directory, "occupied")
      fs.mkdirSync(path.join(occupied, "inner"), { recursive: true })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(DurableFile.write(occupied, text("x"), { owner: "run" }))))
      assert.deepStrictEqual(fs.readdirSync(directory), ["occupied"])
    })
  )
})

describe("DurableFile.makeDirectory", () => {
  it.effect("creates each missing directory for its owner alone, and accepts one that is there", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const deep = path.join(directory, "a", "b", "c")
      yield* DurableFile.makeDirectory(deep)
      yield* DurableFile.makeDirectory(deep)
      for (const name of ["a", "a/b", "a/b/c"]) assert.strictEqual(temporary.modeOf(path.join(directory, name)), "700")
    })
  )

  it.effect("two at once agree", () =>
    Effect.gen(function* () {
      const deep = path.join(yield* temporary.directory, "a", "b")
      yield* Effect.all([DurableFile.makeDirectory(deep), DurableFile.makeDirectory(deep)], { concurrency: 2 })
      assert.isTrue(fs.statSync(deep).isDirectory())
    })
  )

  it.effect("refuses a path through a file, and ends for a path in /proc", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      fs.writeFileSync(path.join(directory, "file"), "")
      const through = yield* Effect.flip(DurableFile.makeDirectory(path.join(directory, "file", "below")))
      assert.deepInclude(through, { _tag: "StorageFailed", reason: "notADirectory" })
      const failure = yield* Effect.flip(DurableFile.makeDirectory("/proc/x"))
      assert.strictEqual(failure._tag, "StorageFailed")
    })
  )
})
