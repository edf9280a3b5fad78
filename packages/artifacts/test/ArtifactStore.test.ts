import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { createHash, randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { ArtifactStore } from "../src/ArtifactStore.ts"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as temporary from "@privx-kit/testing/temporary"

const layer = (directory: string) => ArtifactStore.layer.pipe(Layer.provideMerge(DataDirectory.layer(directory)))

const artifacts = (directory: string) => temporary.filesBelow(path.join(directory, "artifacts"))

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const inStore = <A, E>(use: (store: ArtifactStore["Service"], directory: string) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const directory = yield* temporary.directory
    return yield* Effect.flatMap(ArtifactStore, (store) => use(store, directory)).pipe(Effect.provide(layer(directory)))
  })

describe("ArtifactStore", () => {
  it.effect("keeps bytes under their hash, private, and gives them back", () =>
    inStore((store, directory) =>
      Effect.gen(function* () {
        const pieces = [randomBytes(10), randomBytes(1_000_000), randomBytes(1)]
        const whole = Buffer.concat(pieces)
        const progress: Array<number> = []
        const artifact = yield* store.store(Stream.fromIterable(pieces), {
          onProgress: (bytes) => Effect.sync(() => progress.push(bytes))
        })
        const sha256 = hashOf(whole)
        assert.strictEqual(artifact.sha256, sha256)
        assert.strictEqual(artifact.bytes, whole.length)
        assert.strictEqual(artifact.path, path.join(directory, "artifacts", "sha256", sha256.slice(0, 2), sha256))
        assert.isTrue(whole.equals(fs.readFileSync(artifact.path)))
        assert.isTrue(whole.equals(yield* store.read(sha256)))
        assert.deepStrictEqual(yield* store.find(sha256), artifact)
        assert.deepStrictEqual(progress, [10, 1_000_010, 1_000_011])
        assert.strictEqual(temporary.modeOf(artifact.path), "600")
        assert.strictEqual(temporary.modeOf(path.dirname(artifact.path)), "700")
      })
    )
  )

  it.effect("keeps the same bytes once", () =>
    inStore((store, directory) =>
      Effect.gen(function* () {
        const bytes = randomBytes(100)
        const first = yield* store.store(Stream.make(bytes))
        const second = yield* store.store(Stream.make(bytes.subarray(0, 50), bytes.subarray(50)))
        assert.deepStrictEqual(second, first)
        assert.strictEqual(artifacts(directory).length, 1)
      })
    )
  )

  it.live("makes no file for a few bytes until it is known that they are new", () =>
    inStore((store, directory) =>
      Effect.gen(function* () {
        const come = yield* Deferred.make<void>()
        const goOn = yield* Deferred.make<void>()
        const bytes = randomBytes(50_000)
        const rest = Stream.drain(Stream.fromEffect(Deferred.await(goOn)))
        const fiber = yield* Effect.forkChild(
          store.store(Stream.concat(Stream.make(bytes), rest), {
            onProgress: () => Effect.asVoid(Deferred.succeed(come, undefined))
          })
        )
        yield* Deferred.await(come)
        assert.deepStrictEqual(artifacts(directory), [])
        yield* Deferred.succeed(goOn, undefined)
        const { sha256 } = yield* Fiber.join(fiber)
        assert.isTrue(bytes.equals(yield* store.read(sha256)))
      })
    )
  )

  it.effect("keeps an empty stream too: whether that is right is for the verification to say", () =>
    inStore((store) =>
      Effect.gen(function* () {
        const artifact = yield* store.store(Stream.empty)
        assert.strictEqual(artifact.bytes, 0)
        assert.strictEqual(artifact.sha256, hashOf(new Uint8Array()))
      })
    )
  )

  it.effect("leaves nothing of a stream that fails", () =>
    inStore((store, directory) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(
          store.store(Stream.concat(Stream.make(randomBytes(100)), Stream.fail("cut short" as const)))
        )
        assert.strictEqual(failure, "cut short")
        assert.deepStrictEqual(artifacts(directory), [])
      })
    )
  )

  it.live("leaves nothing of a stream that is interrupted", () =>
    inStore((store, directory) =>
      Effect.gen(function* () {
        const started = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          store.store(Stream.concat(Stream.make(randomBytes(100_000)), Stream.never), {
            owner: "run",
            onProgress: () => Effect.asVoid(Deferred.succeed(started, undefined))
          })
        )
        yield* Deferred.await(started)
        assert.match(artifacts(directory).join(), /^partial\/run-.*\.part$/)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(artifacts(directory), [])
      })
    )
  )

  it.effect("stops reading when more comes than is allowed", () =>
    inStore((store, directory) =>
      Effect.gen(function* () {
        const endless = Stream.forever(Stream.make(randomBytes(1000)))
        const failure = yield* Effect.flip(store.store(endless, { maxBytes: 10_500 }))
        assert.strictEqual(failure.reason, "tooLarge")
        assert.include(failure.message, "10500")
        assert.deepStrictEqual(artifacts(directory), [])
      })
    )
  )

  it.effect("notices that a stored file is no longer what it was", () =>
    inStore((store) =>
      Effect.gen(function* () {
        const artifact = yield* store.store(Stream.make(randomBytes(100)))
        fs.appendFileSync(artifact.path, "x")
        const failure = yield* Effect.flip(store.read(artifact.sha256))
        assert.strictEqual(failure.reason, "damaged")
        // Storing the same download again repairs it.
      })
    )
  )

  it.effect("puts a damaged file right when the same bytes come again", () =>
    inStore((store) =>
      Effect.gen(function* () {
        const bytes = randomBytes(100)
        const artifact = yield* store.store(Stream.make(bytes))
        fs.truncateSync(artifact.path, 10)
        yield* store.store(Stream.make(bytes))
        assert.isTrue(bytes.equals(yield* store.read(artifact.sha256)))
      })
    )
  )

  it.effect("says that there is no file of a hash", () =>
    inStore((store) =>
      Effect.gen(function* () {
        const sha256 = hashOf(randomBytes(8))
        assert.isUndefined(yield* store.find(sha256))
        assert.strictEqual((yield* Effect.flip(store.read(sha256))).reason, "missing")
      })
    )
  )

  it.effect("removes at its start what a killed process left, and nothing else", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const kept = yield* Effect.flatMap(ArtifactStore, (store) => store.store(Stream.make(randomBytes(9)))).pipe(
        Effect.provide(layer(directory))
      )
      fs.writeFileSync(path.join(directory, "artifacts", "partial", "gone-1.part"), "half")
      yield* Effect.scoped(Layer.build(layer(directory)))
      assert.deepStrictEqual(artifacts(directory), [path.relative(path.join(directory, "artifacts"), kept.path)])
    })
  )

  it.effect("says so when the disk is full, and leaves nothing", (context) =>
    Effect.gen(function* () {
      const directory = yield* temporary.smallDisk("128k")
      if (directory === undefined) return context.skip("this user may not mount a file system")
      yield* Effect.gen(function* () {
        const store = yield* ArtifactStore
        const failure = yield* Effect.flip(store.store(Stream.make(randomBytes(1_000_000))))
        assert.strictEqual(failure.reason, "full")
        assert.include(failure.hint, "Free space")
        assert.deepStrictEqual(artifacts(directory), [])
      }).pipe(Effect.provide(layer(directory)))
    })
  )
})
