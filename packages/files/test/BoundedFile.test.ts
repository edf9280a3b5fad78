import { assert, describe, it } from "@effect/vitest"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { Readable } from "node:stream"

const inDirectory = <A, E>(use: (file: string) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(temporary.directory, (directory) => use(path.join(directory, "file"))))

describe("BoundedFile.read", () => {
  it.effect("reads a file up to the limit, and no byte more", () =>
    inDirectory((file) =>
      Effect.gen(function* () {
        const bytes = Buffer.alloc(200_000, "abcdefg")
        fs.writeFileSync(file, bytes)
        assert.isTrue((yield* BoundedFile.read(file, { maxBytes: 200_000 })).equals(bytes))
        const failure = yield* Effect.flip(BoundedFile.read(file, { maxBytes: 199_999 }))
        assert.deepInclude(failure, { path: file, reason: "tooLarge", detail: "it has more than 199999 bytes" })
      })
    )
  )

  it.effect("reads an empty file", () =>
    inDirectory((file) =>
      Effect.gen(function* () {
        fs.writeFileSync(file, "")
        assert.strictEqual((yield* BoundedFile.read(file, { maxBytes: 0 })).length, 0)
      })
    )
  )

  it.effect("stops at the limit where a device never ends", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(BoundedFile.read("/dev/zero", { maxBytes: 1_000_000 }))
      assert.strictEqual(failure.reason, "tooLarge")
    })
  )

  it.effect("says that a file is missing, or is a directory", () =>
    inDirectory((file) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(BoundedFile.read(file, { maxBytes: 9 }))).reason, "missing")
        fs.mkdirSync(file)
        assert.strictEqual((yield* Effect.flip(BoundedFile.read(file, { maxBytes: 9 }))).reason, "notADirectory")
      })
    )
  )

  it.effect("refuses a file that other users can change, where it must be exclusive", () =>
    inDirectory((file) =>
      Effect.gen(function* () {
        const exclusive = BoundedFile.read(file, { maxBytes: 9, exclusive: true })
        fs.writeFileSync(file, "policy")
        fs.chmodSync(file, 0o644)
        assert.strictEqual((yield* exclusive).toString(), "policy")
        for (const [mode, text] of [
          [0o664, "0664"],
          [0o646, "0646"],
          [0o1666, "1666"]
        ] as const) {
          fs.chmodSync(file, mode)
          const failure = yield* Effect.flip(exclusive)
          assert.deepInclude(failure, {
            path: file,
            reason: "exposed",
            detail: `it can be written by other users (mode ${text})`
          })
        }
        assert.strictEqual((yield* BoundedFile.read(file, { maxBytes: 9 })).toString(), "policy")
      })
    )
  )

  it.effect("refuses a file of another user, where it must be exclusive", (context) =>
    inDirectory((file) =>
      Effect.gen(function* () {
        if (process.getuid?.() !== 0) return context.skip("only root may give files away")
        fs.writeFileSync(file, "policy", { mode: 0o600 })
        fs.chownSync(file, 12345, 12345)
        const failure = yield* Effect.flip(BoundedFile.read(file, { maxBytes: 9, exclusive: true }))
        assert.deepInclude(failure, { reason: "exposed", detail: "it belongs to another user (uid 12345)" })
      })
    )
  )
})

describe("BoundedFile.readStream", () => {
  it.effect("reads to the end of the stream, up to the limit", () =>
    Effect.gen(function* () {
      const pieces = () => Readable.from([Buffer.from("abc"), Buffer.from("def")])
      const read = (maxBytes: number) => BoundedFile.readStream(pieces(), "the input", { maxBytes })
      assert.strictEqual((yield* read(6)).toString(), "abcdef")
      const failure = yield* Effect.flip(read(5))
      assert.strictEqual(failure.reason, "tooLarge")
      assert.strictEqual(failure.path, "the input")
    })
  )

  it.effect("fails if the stream fails", () =>
    Effect.gen(function* () {
      const failing = new Readable({ read: () => failing.destroy(new Error("the other end is gone")) })
      const failure = yield* Effect.flip(BoundedFile.readStream(failing, "the input", { maxBytes: 1 }))
      assert.strictEqual(failure.detail, "the other end is gone")
    })
  )
})
