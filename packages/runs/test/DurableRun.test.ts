import * as Failure from "@privx-kit/core/Failure"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as RunActions from "../src/RunActions.ts"
import { StepRefused } from "../src/RunFailures.ts"
import { RunExecutor } from "../src/RunExecutor.ts"
import { type HookedStep, StepHooks } from "../src/StepHooks.ts"
import { session, target } from "./embedded.ts"
import { place, recorded, request, rotation, run, VaultSealed } from "./secretRotation.ts"

/** The action of the workflow body at each step; a test replaces the one that it covers. */
interface Vault {
  readonly calls: Array<string>
  create: Effect.Effect<number, VaultSealed>
  confirm: Effect.Effect<void, VaultSealed>
}

const vaultOf = (): Vault => ({ calls: [], create: Effect.succeed(7), confirm: Effect.void })

const called = <A, E>(vault: Vault, name: string, effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    vault.calls.push(name)
    return effect
  })

const workflows = (vault: Vault) =>
  rotation.toLayer(
    Effect.fnUntraced(function* (run) {
      const version = yield* run.step(
        "create",
        { success: Schema.Int, summary: (number) => `version ${number}` },
        Effect.suspend(() => called(vault, "create", vault.create))
      )
      return yield* run.finishStep(
        "confirm",
        Effect.suspend(() => called(vault, "confirm", vault.confirm)).pipe(Effect.as({ version }))
      )
    })
  )

describe("DurableRun", () => {
  it.live("executes its steps in order, and records them with the result", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      yield* session(
        yield* place,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* run, { version: 7 })
          const [record] = yield* recorded
          assert.strictEqual(record?.kind, "secret-rotation")
          assert.strictEqual(record?.status, "succeeded")
          assert.deepStrictEqual(record?.inputs, { vault: "main" })
          assert.deepStrictEqual(record?.result, { version: 7 })
          assert.deepStrictEqual(
            record?.steps.map(({ attempts, name, status }) => ({ name, status, attempts })),
            [
              { name: "create", status: "succeeded", attempts: 1 },
              { name: "confirm", status: "succeeded", attempts: 1 }
            ]
          )
        })
      )
      assert.deepStrictEqual(vault.calls, ["create", "confirm"])
    })
  )

  it.live("fails with its own failure, keeps it in the record, and a retry is another attempt", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      vault.confirm = Effect.fail(new VaultSealed({ vault: "main" }))
      yield* session(
        yield* place,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const failure = yield* Effect.flip(run)
          assert.instanceOf(failure, VaultSealed)
          const [failed] = yield* recorded
          assert.strictEqual(failed?.status, "failed")
          assert.deepStrictEqual(failed?.failure, { _tag: "VaultSealed", vault: "main" })
          vault.confirm = Effect.void
          const { retry } = yield* RunExecutor
          assert.deepStrictEqual(yield* retry(rotation, failed?.id ?? ""), { version: 7 })
          const [again] = yield* recorded
          assert.strictEqual(again?.attempt, 2)
          assert.strictEqual(again?.status, "succeeded")
          assert.deepStrictEqual(again?.earlier[0]?.failure, { _tag: "VaultSealed", vault: "main" })
        })
      )
      assert.deepStrictEqual(vault.calls, ["create", "confirm", "create", "confirm"])
    })
  )

  it.live("resumed by a later process, it does not execute a journaled activity again", () =>
    Effect.gen(function* () {
      const dataDir = yield* place
      const vault = vaultOf()
      const reached = yield* Deferred.make<void>()
      vault.confirm = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      const runId = yield* session(
        dataDir,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(run)
          yield* Deferred.await(reached)
          yield* Fiber.interrupt(fiber)
          return (yield* recorded)[0]?.id ?? ""
        })
      )
      vault.confirm = Effect.void
      yield* session(
        dataDir,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const { resume } = yield* RunExecutor
          assert.deepStrictEqual(yield* resume(rotation, runId), { version: 7 })
          assert.strictEqual((yield* recorded).length, 1)
        })
      )
      assert.deepStrictEqual(vault.calls, ["create", "confirm", "confirm"])
    })
  )

  it.live("an unfinished run with the same inputs is joined", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      const [reached, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      vault.create = Deferred.succeed(reached, undefined).pipe(Effect.andThen(Deferred.await(released)), Effect.as(7))
      yield* session(
        yield* place,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const first = yield* Effect.forkChild(run)
          yield* Deferred.await(reached)
          const second = yield* Effect.forkChild(run, { startImmediately: true })
          yield* Deferred.succeed(released, undefined)
          assert.deepStrictEqual(
            [yield* Fiber.join(first), yield* Fiber.join(second)],
            [{ version: 7 }, { version: 7 }]
          )
          assert.strictEqual((yield* recorded).length, 1)
        })
      )
      assert.deepStrictEqual(vault.calls, ["create", "confirm"])
    })
  )

  it.live("two runs of other inputs are two runs; an idempotency key names one", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      yield* session(
        yield* place,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const executor = yield* RunExecutor
          yield* executor.run(rotation, request)
          yield* executor.run(rotation, { target, inputs: { vault: "other" }, idempotencyKey: "monday" })
          yield* executor.run(rotation, { target, inputs: { vault: "other" }, idempotencyKey: "monday" })
          assert.strictEqual((yield* recorded).length, 2)
          const failure = yield* Effect.flip(
            executor.run(rotation, { target, inputs: { vault: "third" }, idempotencyKey: "monday" })
          )
          assert.strictEqual(failure._tag, "InvalidInput")
        })
      )
      assert.deepStrictEqual(vault.calls, ["create", "confirm", "create", "confirm"])
    })
  )

  it.live("a run for a host that this process is not configured for is refused, and not recorded", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      yield* session(
        yield* place,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const executor = yield* RunExecutor
          const elsewhere = { target: "https://other.example", inputs: { vault: "main" } }
          const failure = yield* Effect.flip(executor.run(rotation, elsewhere))
          assert.strictEqual(failure._tag, "InvalidInput")
          assert.include(failure.message, "https://other.example")
          assert.deepStrictEqual(yield* recorded, [])
        })
      )
      assert.deepStrictEqual(vault.calls, [])
    })
  )

  it.live("an unfinished run of a host that a later process is not configured for is not waited for", () =>
    Effect.gen(function* () {
      const dataDir = yield* place
      const vault = vaultOf()
      const reached = yield* Deferred.make<void>()
      vault.create = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      const runId = yield* session(
        dataDir,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          yield* Effect.forkChild(run)
          yield* Deferred.await(reached)
          return (yield* recorded)[0]?.id ?? ""
        })
      )
      yield* session(
        dataDir,
        [rotation],
        workflows(vault),
        PrivxHosts.none
      )(
        Effect.gen(function* () {
          const { resume } = yield* RunExecutor
          const failure = yield* Effect.flip(resume(rotation, runId))
          assert.deepInclude(failure, { _tag: "RunNotFound", runId, target })
          assert.isNull((yield* recorded)[0]?.endedAt)
        })
      )
      assert.deepStrictEqual(vault.calls, ["create"])
    })
  )

  it.live("a cancellation ends a step that has not ended", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      const reached = yield* Deferred.make<void>()
      vault.create = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      yield* session(
        yield* place,
        [rotation],
        workflows(vault)
      )(
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(Effect.flip(run))
          yield* Deferred.await(reached)
          const [record] = yield* recorded
          if (record === undefined) return assert.fail("no run is recorded")
          yield* RunActions.cancel(record, "mia", "wrong host")
          const failure = yield* Fiber.join(fiber)
          assert.deepInclude(failure, { _tag: "RunCancelled", by: "mia", comment: "wrong host" })
          assert.strictEqual((yield* recorded)[0]?.status, "cancelled")
        })
      )
    })
  )

  it.live("hooks are called around each step; one that refuses keeps the step from starting", () =>
    Effect.gen(function* () {
      const vault = vaultOf()
      const seen: Array<string> = []
      const named = ({ attempt, kind, step }: HookedStep) => `${kind}/${step}/${attempt}`
      const hooks: StepHooks = {
        before: (step) =>
          step.step === "confirm"
            ? Effect.fail(new StepRefused({ step: step.step, detail: "no change ticket is open" }))
            : Effect.sync(() => void seen.push(`before ${named(step)}`)),
        after: (step, outcome) => Effect.sync(() => void seen.push(`after ${named(step)}: ${outcome}`))
      }
      const failure = yield* session(
        yield* place,
        [rotation],
        workflows(vault).pipe(Layer.provide(Layer.succeed(StepHooks, hooks)))
      )(Effect.flip(run)).pipe(Effect.provideService(StepHooks, hooks))
      assert.deepInclude(failure, { _tag: "StepRefused", step: "confirm", detail: "no change ticket is open" })
      assert.deepStrictEqual(vault.calls, ["create"])
      assert.deepStrictEqual(seen, ["before secret-rotation/create/1", "after secret-rotation/create/1: succeeded"])
    })
  )

  it.live("a run of a kind that no domain of the process knows is refused by name", () =>
    Effect.gen(function* () {
      const dataDir = yield* place
      const vault = vaultOf()
      yield* session(dataDir, [rotation], workflows(vault))(run)
      yield* session(
        dataDir,
        [],
        Layer.empty
      )(
        Effect.gen(function* () {
          const [record] = yield* recorded
          if (record === undefined) return assert.fail("no run is recorded")
          const { execute, isHere, retryAny } = yield* RunExecutor
          assert.isFalse(yield* isHere(record))
          for (const use of [execute(record), retryAny(record)]) {
            const failure = yield* Effect.flip(use)
            assert.deepInclude(failure, { _tag: "UnknownRunKind", kind: "secret-rotation" })
            assert.include(Failure.render(failure), 'runs of the kind "secret-rotation"')
          }
        })
      )
    })
  )
})
