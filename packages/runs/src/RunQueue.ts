/**
 * Claims queued runs from the record and executes them, up to a given number at a time in this process. The record is the
 * queue: a queued run survives any crash, and any number of processes claim from it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import type { Run } from "./Run.ts"
import { Runs } from "./Runs.ts"

/**
 * Opened when this process queues a run, so that its feeder does not wait for the next interval.
 *
 * @since 0.1.0
 * @category references
 */
export const QueueSignal = Context.Reference<Latch.Latch>("@privx-kit/runs/QueueSignal", {
  defaultValue: () => Latch.makeUnsafe(false)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<R> {
  /** Maximum number of runs that execute at the same time. A run that waits for an approval does not count. */
  readonly concurrency: number
  /** Executes one run. It is interrupted when the run starts to wait for an approval; the run keeps waiting. */
  readonly execute: (run: Run) => Effect.Effect<unknown, unknown, R>
  /** How long a process with free capacity waits before it reads an empty queue again; default 250 ms. */
  readonly interval?: Duration.Input | undefined
}

/**
 * How often the record of running runs is read: another process may have ended a run, or the run may wait for an
 * approval there.
 */
const check = "1 second"

/**
 * Claims runs from the queue and executes them, until the scope closes.
 *
 * **Details**: a claim expires after ten seconds; other processes may then claim the run.
 *
 * @returns an effect that polls the queue immediately
 *
 * @example
 * ```ts
 * import * as RunQueue from "@privx-kit/runs/RunQueue"
 * import { RunExecutor } from "@privx-kit/runs/RunExecutor"
 * import * as Effect from "effect/Effect"
 *
 * export const working = Effect.flatMap(RunExecutor, (runs) => RunQueue.feed({ concurrency: 8, execute: runs.execute }))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const feed = Effect.fn("RunQueue.feed")(function* <R>({
  execute,
  concurrency,
  interval = "250 millis"
}: Options<R>): Effect.fn.Return<Effect.Effect<void>, never, Scope.Scope | Runs | R> {
  const runs = yield* Runs
  const wanted = yield* Latch.make(false)
  /** Completed when the record says that the run has ended or waits for a person. */
  const underWay = new Map<string, Deferred.Deferred<void>>()

  const begin = (run: Run) => {
    const settled = Deferred.makeUnsafe<void>()
    underWay.set(run.id, settled)
    return execute(run).pipe(
      Effect.raceFirst(Deferred.await(settled)),
      // The record has the outcome of the run; a run that could not be started is claimed again later.
      Effect.ignoreCause({ log: "Debug" }),
      Effect.ensuring(
        Effect.suspend(() => {
          underWay.delete(run.id)
          return wanted.open
        })
      ),
      Effect.forkScoped
    )
  }

  const take = Effect.gen(function* () {
    yield* wanted.close
    const room = concurrency - underWay.size
    const claimed = room > 0 ? yield* runs.claim(room) : []
    yield* Effect.forEach(
      claimed.filter(({ id }) => !underWay.has(id)),
      begin,
      { discard: true }
    )
    // Without free capacity or queued runs, only time or the end of a run changes anything.
    if (claimed.length < room || room === 0) yield* Effect.timeoutOption(wanted.await, interval)
  })

  const look = Effect.gen(function* () {
    for (const id of yield* runs.settled([...underWay.keys()])) {
      const settled = underWay.get(id)
      if (settled !== undefined) yield* Deferred.succeed(settled, undefined)
    }
  }).pipe(Effect.delay(check))

  for (const loop of [take, look]) {
    // An outage of an hour is reported once, and not every second.
    let reported: string | undefined
    yield* loop.pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          reported = undefined
        })
      ),
      Effect.catchTag("StorageFailed", (failure) => {
        const isNew = reported !== failure.message
        reported = failure.message
        return Effect.andThen(isNew ? Effect.logWarning(failure.message) : Effect.void, Effect.sleep(check))
      }),
      Effect.forever,
      Effect.forkScoped
    )
  }
  return wanted.open
})
