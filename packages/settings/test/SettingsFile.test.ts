import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as SettingsFile from "../src/SettingsFile.ts"
import * as TomlFile from "../src/TomlFile.ts"
import * as TrustAnchors from "../src/TrustAnchors.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-file-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
)

const write = Effect.fnUntraced(function* (mode: number, text = "") {
  const file = path.join(yield* directory, "file")
  fs.writeFileSync(file, text)
  fs.chmodSync(file, mode)
  return file
})

describe("a file that settings come from", () => {
  it.live("is refused where other users can write it, whatever it is read as", () =>
    Effect.gen(function* () {
      const file = yield* write(0o664, `[api]\nbase_url = "https://privx.example.com"\n`)
      const problem = "can be written by other users (mode 0664)"
      const fix = `Check its content, then make it yours alone: chown, chmod go-w ${file}`
      assert.deepStrictEqual(yield* Effect.flip(SettingsFile.read(file)), { missing: false, problem, fix })
      // Applies even to the default file, which may be missing.
      for (const required of [true, false]) {
        const toml = yield* TomlFile.read(file, required)
        assert.deepStrictEqual([...toml.values], [])
        assert.deepStrictEqual(toml.problems, [{ setting: `file ${file}`, problem, fix }])
      }
      const { pems, problems } = yield* TrustAnchors.fromFiles([file])
      assert.deepStrictEqual(pems, [])
      assert.deepStrictEqual(problems, [{ setting: `CA file ${file}`, problem, fix }])
      fs.chmodSync(file, 0o644)
      assert.strictEqual((yield* TomlFile.read(file, true)).values.get("baseUrl"), "https://privx.example.com")
    })
  )

  it.live("is named with what keeps it from being read", () =>
    Effect.gen(function* () {
      const here = yield* directory
      const problem = (file: string, maxBytes?: number) =>
        Effect.map(
          Effect.flip(SettingsFile.read(file, maxBytes === undefined ? {} : { maxBytes })),
          (fault) => fault.problem
        )
      assert.strictEqual(yield* problem(here), "cannot be read (EISDIR)")
      assert.strictEqual(yield* problem(path.join(here, "none")), "does not exist")
      assert.strictEqual(yield* problem(yield* write(0o600, "x".repeat(1025)), 1024), "is larger than 1 KiB")
    })
  )

  it("deserves a warning where others can read its secrets, but not where root lends it to this user's group", () => {
    const [root, self, other] = [0, 1000, 1001]
    const readable = (uid: number, mode: number) => SettingsFile.readableByOthers({ uid, mode }, self)
    assert.isFalse(readable(self, 0o600))
    assert.isTrue(readable(self, 0o640))
    assert.isTrue(readable(other, 0o640))
    assert.isFalse(readable(root, 0o440))
    assert.isTrue(readable(root, 0o444))
    assert.isTrue(SettingsFile.readableByOthers({ uid: root, mode: 0o440 }, root))
  })
})
