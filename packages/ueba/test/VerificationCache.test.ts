import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as TestClock from "effect/testing/TestClock"
import { sampleBytes } from "./SampleScript.ts"
import * as VerificationCache from "../src/VerificationCache.ts"

const bytesOf = (text: string) => new TextEncoder().encode(text)
const verify = (bytes: Uint8Array, options: Parameters<typeof VerificationCache.verify>[2] = {}) =>
  VerificationCache.verify(createHash("sha256").update(bytes).digest("hex"), bytes, options)

describe("VerificationCache", () => {
  it.effect("knows a script that has just passed, and looks again after a minute", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      const bytes = sampleBytes
      const first = yield* verify(bytes)
      assert.strictEqual(yield* verify(bytes), first)
      yield* TestClock.adjust("61 seconds")
      const later = yield* verify(bytes)
      assert.notStrictEqual(later, first)
      assert.deepStrictEqual(later, first)
    })
  )

  it.effect("holds the same script to what is expected of it this time", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      const bytes = sampleBytes
      yield* verify(bytes)
      const failure = yield* Effect.flip(verify(bytes, { maxBytes: 10 }))
      assert.strictEqual(failure._tag, "VerificationFailed")
    })
  )

  it.effect("does not take a changed script for the known one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      yield* verify(sampleBytes)
      const failure = yield* Effect.flip(verify(bytesOf("<html>no script</html>")))
      assert.strictEqual(failure._tag, "VerificationFailed")
    })
  )

  it.effect("a program can have a cache of its own", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      const shared = yield* verify(sampleBytes)
      const own = yield* Effect.provideService(verify(sampleBytes), VerificationCache.RecentReports, new Map())
      assert.notStrictEqual(own, shared)
      assert.strictEqual(yield* verify(sampleBytes), shared)
    })
  )
})
