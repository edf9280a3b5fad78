import { assert, describe, it } from "@effect/vitest"
import * as Failure from "@privx-kit/core/Failure"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Approvals } from "../src/Approvals.ts"
import * as RunActions from "../src/RunActions.ts"
import { RunRequests } from "../src/RunRequests.ts"
import type { Review } from "../src/Run.ts"
import { Runs } from "../src/Runs.ts"
import * as SqliteStorage from "../src/SqliteStorage.ts"

const id = "5d0c1b1e-0000-4000-8000-000000000001"

const sha256 = "ab".repeat(32)

const target = "https://privx.example"

/** A run that waits for approval, in a separate database. */
const waiting = <A, E>(use: Effect.Effect<A, E, Runs | RunRequests | Approvals>) =>
  Effect.flatMap(temporary.directory, (directory) =>
    Effect.provide(
      Effect.gen(function* () {
        const runs = yield* Runs
        yield* runs.create({ id, kind: "ueba-setup", target, inputs: {} })
        const review: Review = { change: "new", reference: null, required: true, decision: null }
        yield* runs.reviewed(id, { sha256, review, steps: [], report: {} }, 1)
        return yield* use
      }),
      Layer.mergeAll(Runs.layer, RunRequests.layer, Approvals.layer).pipe(
        Layer.provideMerge(SqliteStorage.layer),
        Layer.provide(DataDirectory.layer(directory))
      )
    )
  )

const decision = { approved: true, by: "mia", comment: undefined, sha256, attempt: 1 }

const find = RunActions.find(id.slice(0, 8))

describe("RunActions", () => {
  it.effect("keeps the first decision, and refuses the second", () =>
    waiting(
      Effect.gen(function* () {
        const run = yield* find
        assert.isTrue(yield* RunActions.decide(run, decision))
        const again = yield* Effect.flip(RunActions.decide(run, { ...decision, approved: false, by: "noah" }))
        assert.strictEqual(
          again.message,
          `Run ${id} is waiting for approval; its script has already been approved or rejected.`
        )
        const requests = yield* Effect.flatMap(RunRequests, ({ of }) => of(id, 1))
        assert.deepStrictEqual(
          requests.map(({ action, by }) => [action, by]),
          [["decide", "mia"]]
        )
      })
    )
  )

  it.effect("says that a decision about a cancelled run was not kept", () =>
    waiting(
      Effect.gen(function* () {
        const run = yield* find
        yield* RunActions.cancel(run, "noah")
        const refused = yield* Effect.flip(RunActions.decide(run, decision))
        assert.strictEqual(
          refused.message,
          `Run ${id} is waiting for approval; noah has requested its cancellation, so the decision was discarded.`
        )
        const requests = yield* Effect.flatMap(RunRequests, ({ of }) => of(id, 1))
        assert.deepStrictEqual(
          requests.map(({ action }) => action),
          ["cancel"]
        )
      })
    )
  )

  it.effect("of a cancellation and an approval at once, an approval that succeeds is on record", () =>
    waiting(
      Effect.gen(function* () {
        const run = yield* find
        const [, approved] = yield* Effect.all(
          [RunActions.cancel(run, "noah"), Effect.exit(RunActions.decide(run, decision))],
          { concurrency: 2 }
        )
        const requests = yield* Effect.flatMap(RunRequests, ({ of }) => of(id, 1))
        assert.strictEqual(
          requests.some(({ action }) => action === "decide"),
          approved._tag === "Success"
        )
      })
    )
  )

  it.effect("refuses a decision about another script or attempt", () =>
    waiting(
      Effect.gen(function* () {
        const run = yield* find
        const other = yield* Effect.flip(RunActions.decide(run, { ...decision, sha256: "cd".repeat(32) }))
        assert.include(Failure.render(other), "the decision is about the script cdcd")
        const later = yield* Effect.flip(RunActions.decide(run, { ...decision, attempt: 2 }))
        assert.include(Failure.render(later), "the decision is about attempt 2, and the run is at attempt 1")
      })
    )
  )
})
