/**
 * Executes queued runs of every kind, in a server or worker. A run that coordinates other runs does not count towards
 * the limit, because it waits for runs that do.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { RunExecutor } from "./RunExecutor.ts"
import * as RunQueue from "./RunQueue.ts"
import { Runs } from "./Runs.ts"

/**
 * Claims queued runs and executes them in this process.
 *
 * **Details**: `feed` claims up to the given number at a time, until the scope closes. A run that waits for an approval does
 * not count.
 *
 * @example
 * ```ts
 * import { RunFeeder } from "@privx-kit/runs/RunFeeder"
 *
 * export const working = RunFeeder.use((feeder) => feeder.feed(8))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class RunFeeder extends Context.Service<
  RunFeeder,
  {
    /** Claims runs from the queue, up to the given number at a time, until the scope closes. */
    readonly feed: (concurrency: number) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@privx-kit/runs/RunFeeder") {
  static readonly layer: Layer.Layer<RunFeeder, never, RunExecutor | Runs> = Layer.effect(
    RunFeeder,
    Effect.map(Effect.context<RunExecutor | Runs>(), (context) => ({
      // The scope is the caller's, and not the layer's.
      feed: (concurrency) =>
        Effect.flatMap(Effect.scope, (scope) =>
          feed(concurrency).pipe(Scope.provide(scope), Effect.provideContext(context))
        )
    }))
  )
}

const feed = Effect.fn("RunFeeder.feed")(function* (concurrency: number) {
  const executor = yield* RunExecutor
  const signal = yield* RunQueue.QueueSignal
  const look = yield* RunQueue.feed({
    concurrency,
    // A run that this process cannot execute is left to a process that can.
    execute: (run) => Effect.flatMap(executor.isHere(run), (here) => (here ? executor.execute(run) : Effect.void))
  })
  yield* signal.await.pipe(Effect.andThen(signal.close), Effect.andThen(look), Effect.forever, Effect.forkScoped)
})
