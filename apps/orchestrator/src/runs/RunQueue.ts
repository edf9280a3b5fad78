/**
 * Takes the runs that wait in the record and has them carried out, so many at a time in this process. The record is the
 * queue: what is in it survives everything, and any number of processes take from it.
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import type { Run } from "./Run.ts"
import { Runs } from "./Runs.ts"

export interface Options<R> {
  /** How many are under way at most. What waits for an approval does not count. */
  readonly concurrency: number
  /** Carries one through. It is interrupted where the run has come to wait for somebody; the run goes on waiting. */
  readonly carryOut: (run: Run) => Effect.Effect<unknown, unknown, R>
  /** How long a process that has room looks away when nothing waits; default 250 ms. */
  readonly interval?: Duration.Input | undefined
}

/** How often the record of what is under way is looked at: it may have come to wait, or to its end, in another process. */
const check = "1 second"

/** Feeds for as long as the scope is open. The answer begins a look at once. */
export const feed = Effect.fn("RunQueue.feed")(function* <R>({
  carryOut,
  concurrency,
  interval = "250 millis"
}: Options<R>): Effect.fn.Return<Effect.Effect<void>, never, Scope.Scope | Runs | R> {
  const runs = yield* Runs
  const wanted = yield* Latch.make(false)
  /** Done when the run's record says that nothing more is to be waited for. */
  const underWay = new Map<string, Deferred.Deferred<void>>()

  const begin = (run: Run) => {
    const settled = Deferred.makeUnsafe<void>()
    underWay.set(run.id, settled)
    return carryOut(run).pipe(
      Effect.raceFirst(Deferred.await(settled)),
      // The run's record says what became of it; one that could not even be begun is taken again later.
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
    // Without room, or with nothing more to take, only time or the end of a run changes anything.
    if (claimed.length < room || room === 0) yield* Effect.timeoutOption(wanted.await, interval)
  })

  const look = Effect.gen(function* () {
    for (const id of yield* runs.settled([...underWay.keys()])) {
      const settled = underWay.get(id)
      if (settled !== undefined) yield* Deferred.succeed(settled, undefined)
    }
  }).pipe(Effect.delay(check))

  for (const loop of [take, look]) {
    yield* loop.pipe(
      Effect.catchTag("StorageFailed", (failure) =>
        Effect.andThen(Effect.logWarning(failure.message), Effect.sleep(check))
      ),
      Effect.forever,
      Effect.forkScoped
    )
  }
  return wanted.open
})
