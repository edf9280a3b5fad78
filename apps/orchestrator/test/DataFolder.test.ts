import { assert, describe, it } from "@effect/vitest"
import { Failure } from "@privx-kit/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DataFolder, defaultPath } from "../src/DataFolder.ts"
import * as program from "./support/program.ts"
import * as temporary from "./support/temporary.ts"

const open = (folder: string) => Layer.build(DataFolder.layer(folder))

describe("DataFolder", () => {
  it("lies where the XDG base directory specification says", () => {
    assert.strictEqual(defaultPath({ XDG_DATA_HOME: "/data" }, "/home/ada"), "/data/privx-kit")
    assert.strictEqual(defaultPath({}, "/home/ada"), "/home/ada/.local/share/privx-kit")
    assert.strictEqual(defaultPath({ XDG_DATA_HOME: "" }, "/home/ada"), "/home/ada/.local/share/privx-kit")
    assert.strictEqual(defaultPath({ XDG_DATA_HOME: "relative" }, "/home/ada"), "/home/ada/.local/share/privx-kit")
  })

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
      const holder = yield* program.start("hold-folder.ts", [folder])
      yield* holder.line("held")
      const failure = yield* Effect.flip(open(folder))
      assert.strictEqual(failure._tag, "DataFolderBusy")
      const told = Failure.render(failure)
      assert.include(told, folder)
      assert.include(told, `process ${holder.pid}`)
      assert.include(told, "--data-dir")
    })
  )

  it.effect("is free at once when the process that held it is killed", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const holder = yield* program.start("hold-folder.ts", [folder])
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
        assert.strictEqual((yield* Effect.flip(Effect.scoped(open(folder))))._tag, "DataFolderBusy")
      }
      // Asked from outside, because a process is never shut out by its own locks.
      const other = yield* program.start("hold-folder.ts", [folder])
      const told = yield* other.line("DataFolderBusy ")
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
        assert.strictEqual(failure._tag === "DataFolderUnusable" && failure.reason, "notAFolder")
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
      const holder = yield* program.start("hold-folder.ts", [folder], os.userInfo().uid === 0 ? { uid: 65534 } : {})
      const told = JSON.parse(yield* holder.line("DataFolderUnusable "))
      assert.strictEqual(told.reason, "notWritable")
      assert.deepStrictEqual(temporary.filesBelow(folder), [])
    })
  )

  it.effect("gives its lock back in the order of scopes, so that a failed start holds nothing", () =>
    Effect.gen(function* () {
      const folder = yield* temporary.folder
      const failing = Layer.effectDiscard(Effect.fail("later")).pipe(Layer.provide(DataFolder.layer(folder)))
      const scope = yield* Scope.make()
      yield* Effect.flip(Layer.buildWithScope(failing, scope))
      yield* Scope.close(scope, Exit.void)
      yield* open(folder)
    })
  )
})
