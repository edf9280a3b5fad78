import { assert, describe, it } from "@effect/vitest"
import * as DataDirectory from "@privx-kit/durable/DataDirectory"
import * as DataDirectoryAccess from "@privx-kit/durable/DataDirectoryAccess"
import * as SqliteConnection from "@privx-kit/durable/SqliteConnection"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"

const isRoot = process.getuid?.() === 0

/** A data directory with the parts that a setup leaves, in a separate parent directory. */
const made = Effect.gen(function* () {
  const above = yield* temporary.directory
  const directory = path.join(above, "data")
  fs.mkdirSync(directory, { mode: 0o700 })
  for (const name of ["keys", "manifests", "artifacts", "artifacts/sha256", "executions"]) {
    fs.mkdirSync(path.join(directory, name), { mode: 0o700 })
  }
  for (const name of ["keys/attestation.pem", "privx-kit.sqlite", "lock.sqlite"]) {
    fs.writeFileSync(path.join(directory, name), "", { mode: 0o600 })
  }
  return { above, directory }
})

const exposure = (directory: string) => DataDirectoryAccess.exposure(directory)

describe("DataDirectoryAccess", () => {
  it.effect("accepts a directory that only this user can change, and one that does not exist", () =>
    Effect.gen(function* () {
      const { directory } = yield* made
      assert.isUndefined(yield* exposure(directory))
      assert.isUndefined(yield* exposure(path.join(directory, "not", "there")))
      fs.chmodSync(directory, 0o755)
      yield* DataDirectoryAccess.check(directory)
    })
  )

  it.effect("refuses a directory that others can write, with the sticky bit as well", () =>
    Effect.gen(function* () {
      const { directory } = yield* made
      for (const [mode, text] of [
        [0o770, "0770"],
        [0o702, "0702"],
        [0o1777, "1777"],
        [0o2775, "2775"]
      ] as const) {
        fs.chmodSync(directory, mode)
        const problem = `can be written by other users (mode ${text})`
        assert.deepStrictEqual(yield* exposure(directory), { path: directory, problem })
        const failure = yield* Effect.flip(Layer.build(DataDirectory.DataDirectory.layer(directory)))
        assert.deepInclude(failure, { path: directory, reason: "exposed", detail: `${directory} ${problem}` })
        assert.include(failure.message, "other users can change its content")
        assert.include(failure.hint, "chmod -R go-w")
      }
    })
  )

  it.effect("refuses each part that others can write: key, database, directories", () =>
    Effect.gen(function* () {
      const { directory } = yield* made
      for (const name of ["keys", "keys/attestation.pem", "artifacts", "artifacts/sha256", "privx-kit.sqlite"]) {
        const part = path.join(directory, name)
        const { mode } = fs.statSync(part)
        fs.chmodSync(part, mode | 0o002)
        assert.strictEqual((yield* exposure(directory))?.path, part)
        fs.chmodSync(part, mode & 0o7777)
      }
      assert.isUndefined(yield* exposure(directory))
    })
  )

  it.effect("follows a part that is a link to another disk", () =>
    Effect.gen(function* () {
      const { above, directory } = yield* made
      const disk = path.join(above, "disk")
      fs.mkdirSync(disk, { mode: 0o700 })
      fs.rmSync(path.join(directory, "manifests"), { recursive: true })
      fs.symlinkSync(disk, path.join(directory, "manifests"))
      assert.isUndefined(yield* exposure(directory))
      fs.chmodSync(disk, 0o777)
      assert.deepStrictEqual(yield* exposure(directory), {
        path: path.join(directory, "manifests"),
        problem: "can be written by other users (mode 0777)"
      })
    })
  )

  it.effect("refuses a directory above in which others can put another one in its place", () =>
    Effect.gen(function* () {
      const { above, directory } = yield* made
      fs.chmodSync(above, 0o777)
      assert.deepStrictEqual(yield* exposure(directory), {
        path: above,
        problem: "can be written by other users (mode 0777)"
      })
      // Like /tmp: others can add directories, but not rename this one.
      fs.chmodSync(above, 0o1777)
      assert.isUndefined(yield* exposure(directory))
    })
  )

  it.effect("refuses a directory, a part, a link or a directory above of another user", (context) =>
    Effect.gen(function* () {
      if (!isRoot) return context.skip("only root may give files away")
      const { above, directory } = yield* made
      const link = path.join(directory, "elsewhere")
      fs.symlinkSync("/", link)
      for (const one of [
        directory,
        path.join(directory, "keys/attestation.pem"),
        path.join(directory, "executions"),
        link,
        above
      ]) {
        fs.lchownSync(one, 12345, 12345)
        assert.deepStrictEqual(yield* exposure(directory), {
          path: one,
          problem: "belongs to another user (uid 12345)"
        })
        fs.lchownSync(one, 0, 0)
      }
      assert.isUndefined(yield* exposure(directory))
    })
  )

  it.effect("is not hindered by an open umask: what the kit makes is private", () =>
    Effect.gen(function* () {
      const { directory } = yield* made
      const before = process.umask(0)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.umask(before)))
      const file = path.join(directory, "another.sqlite")
      const connection = SqliteConnection.open(file)
      connection.prepare("PRAGMA journal_mode = WAL").execute()
      connection.prepare("CREATE TABLE t (a)").execute()
      for (const name of ["another.sqlite", "another.sqlite-wal", "another.sqlite-shm"]) {
        assert.strictEqual(temporary.modeOf(path.join(directory, name)), "600", name)
      }
      connection.close()
      assert.isUndefined(yield* exposure(directory))
    })
  )
})
