import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DataDirectory } from "../src/DataDirectory.ts"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"

const holdDirectory = path.join(import.meta.dirname, "programs/hold-directory.ts")

const open = (directory: string) => Layer.build(DataDirectory.layer(directory))

describe("DataDirectory", () => {
  it.effect("is made for its user alone, with all directories above it", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporary.directory, "not", "yet", "there")
      yield* open(directory)
      assert.strictEqual(temporary.modeOf(directory), "700")
      for (const file of temporary.filesBelow(directory)) {
        assert.strictEqual(temporary.modeOf(path.join(directory, file)), "600", file)
      }
    })
  )

  it.effect("is held by one process: another process learns which one, and what to do", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const holder = yield* program.start(holdDirectory, [directory])
      yield* holder.line("held")
      const failure = yield* Effect.flip(open(directory))
      assert.strictEqual(failure._tag, "DataDirectoryBusy")
      const message = Failure.render(failure)
      assert.include(message, directory)
      assert.include(message, `process ${holder.pid}`)
      assert.include(message, "--data-dir")
    })
  )

  it.effect("is free at once when the process that held it is killed", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const holder = yield* program.start(holdDirectory, [directory])
      yield* holder.line("held")
      yield* holder.kill
      yield* open(directory)
    })
  )

  it.effect("is free again when its scope closes", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      yield* Effect.scoped(open(directory))
      assert.deepStrictEqual(temporary.filesBelow(directory), ["lock.sqlite"])
      yield* Effect.scoped(open(directory))
    })
  )

  it.effect("stays held after a second attempt within the same process", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      yield* open(directory)
      for (let i = 0; i < 3; i++) {
        assert.strictEqual((yield* Effect.flip(Effect.scoped(open(directory))))._tag, "DataDirectoryBusy")
      }
      // Checked from another process, because a process is never blocked by its own locks.
      const other = yield* program.start(holdDirectory, [directory])
      const line = yield* other.line("DataDirectoryBusy ")
      assert.strictEqual(JSON.parse(line).pid, process.pid)
    })
  )

  it.effect("says so when something that is no directory is in its place", () =>
    Effect.gen(function* () {
      const parent = yield* temporary.directory
      const file = path.join(parent, "file")
      fs.writeFileSync(file, "precious")
      for (const directory of [file, path.join(file, "below")]) {
        const failure = yield* Effect.flip(open(directory))
        assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "notADirectory")
        assert.include(Failure.render(failure), directory)
      }
      assert.strictEqual(fs.readFileSync(file, "utf8"), "precious")
    })
  )

  // Root may write everywhere, so the test uses another account. Other users run it with their own account.
  it.effect("says so when it cannot be written", () =>
    Effect.gen(function* () {
      const parent = yield* temporary.directory
      const directory = path.join(parent, "data")
      fs.mkdirSync(directory, { mode: 0o500 })
      if (os.userInfo().uid === 0) fs.chownSync(directory, 65534, 65534)
      const holder = yield* program.start(holdDirectory, [directory], os.userInfo().uid === 0 ? { uid: 65534 } : {})
      const problem = JSON.parse(yield* holder.line("DataDirectoryUnusable "))
      assert.strictEqual(problem.reason, "notWritable")
      assert.deepStrictEqual(temporary.filesBelow(directory), [])
    })
  )

  it.effect("gives its lock back in the order of scopes, so that a failed start holds nothing", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const failing = Layer.effectDiscard(Effect.fail("later")).pipe(Layer.provide(DataDirectory.layer(directory)))
      const scope = yield* Scope.make()
      yield* Effect.flip(Layer.buildWithScope(failing, scope))
      yield* Scope.close(scope, Exit.void)
      yield* open(directory)
    })
  )
})
