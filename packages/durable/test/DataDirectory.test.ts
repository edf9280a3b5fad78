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

const open = (folder: string) => Layer.build(DataDirectory.layer(folder))

describe("DataDirectory", () => {
  it.effect("is made for its user alone, with all folders above it", () =>
    Effect.gen(function* () {
      const folder = path.join(yield* temporary.folder, "not", "yet", "there")
      yield* open(folder)
      assert.strictEqual(temporary.modeOf(folder), "700")
      for (const file of temporary.filesBelow(folder)) {
        assert.strictEqual(temporary.modeOf(path.join(folder, file)), "600", file)
      }
    })
  )

  it.effect("is held by one process: another one is told by whom and what to do", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const holder = yield* program.start(holdDirectory, [folder])
      yield* holder.line("held")
      const failure = yield* Effect.flip(open(folder))
      assert.strictEqual(failure._tag, "DataDirectoryBusy")
      const told = Failure.render(failure)
      assert.include(told, folder)
      assert.include(told, `process ${holder.pid}`)
      assert.include(told, "--data-dir")
    })
  )

  it.effect("is free at once when the process that held it is killed", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const holder = yield* program.start(holdDirectory, [folder])
      yield* holder.line("held")
      yield* holder.kill
      yield* open(folder)
    })
  )

  it.effect("is free again when its scope closes", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      yield* Effect.scoped(open(folder))
      assert.deepStrictEqual(temporary.filesBelow(folder), ["lock.sqlite"])
      yield* Effect.scoped(open(folder))
    })
  )

  it.effect("stays held after a second attempt within the same process", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      yield* open(folder)
      for (let i = 0; i < 3; i++) {
        assert.strictEqual((yield* Effect.flip(Effect.scoped(open(folder))))._tag, "DataDirectoryBusy")
      }
      // Asked from outside, because a process is never shut out by its own locks.
      const other = yield* program.start(holdDirectory, [folder])
      const told = yield* other.line("DataDirectoryBusy ")
      assert.strictEqual(JSON.parse(told).pid, process.pid)
    })
  )

  it.effect("says so when something that is no folder is in its place", () =>
    Effect.gen(function* () {
      const parent = yield* temporary.folder
      const file = path.join(parent, "file")
      fs.writeFileSync(file, "precious")
      for (const folder of [file, path.join(file, "below")]) {
        const failure = yield* Effect.flip(open(folder))
        assert.strictEqual(failure._tag === "DataDirectoryUnusable" && failure.reason, "notADirectory")
        assert.include(Failure.render(failure), folder)
      }
      assert.strictEqual(fs.readFileSync(file, "utf8"), "precious")
    })
  )

  // Root may write everywhere, so it is tried as somebody else; other users try it themselves.
  it.effect("says so when it cannot be written", () =>
    Effect.gen(function* () {
      const parent = yield* temporary.folder
      const folder = path.join(parent, "data")
      fs.mkdirSync(folder, { mode: 0o500 })
      if (os.userInfo().uid === 0) fs.chownSync(folder, 65534, 65534)
      const holder = yield* program.start(holdDirectory, [folder], os.userInfo().uid === 0 ? { uid: 65534 } : {})
      const told = JSON.parse(yield* holder.line("DataDirectoryUnusable "))
      assert.strictEqual(told.reason, "notWritable")
      assert.deepStrictEqual(temporary.filesBelow(folder), [])
    })
  )

  it.effect("gives its lock back in the order of scopes, so that a failed start holds nothing", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const failing = Layer.effectDiscard(Effect.fail("later")).pipe(Layer.provide(DataDirectory.layer(folder)))
      const scope = yield* Scope.make()
      yield* Effect.flip(Layer.buildWithScope(failing, scope))
      yield* Scope.close(scope, Exit.void)
      yield* open(folder)
    })
  )
})
