/**
 * Combines what many fibers request from Postgres at about the same time into one statement: a round trip and a commit cost
 * far more than a row.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql/SqlError"

interface Asked<In, Out> extends Request.Request<Out, SqlError> {
  readonly _tag: "Asked"
  readonly item: In
}

/** How long the first item of a group waits for others. While one group is being executed, the next one collects items. */
const gathering = "1 millis"

/** A longer statement would delay the groups after it. */
const most = 200

/**
 * Combines what many fibers request at about the same time into one statement.
 *
 * **When to use**: for a statement of Postgres that many fibers execute: a round trip and a commit cost far more than a row.
 *
 * **Details**: `ask` returns one result for each item, in order. When a group fails, each of its items is requested alone,
 * because a single item may be the cause.
 *
 * **Gotchas**: it does not use the context of the caller, and so not the transaction of the caller.
 *
 * **Errors**: those of `ask`, for the item alone.
 *
 * @example
 * ```ts
 * import * as Batcher from "@privx-kit/durable/Batcher"
 * import * as Effect from "effect/Effect"
 *
 * const double = Batcher.gathered((numbers: ReadonlyArray<number>) => Effect.succeed(numbers.map((number) => 2 * number)))
 *
 * export const all = Effect.all([double(1), double(2)], { concurrency: "unbounded" })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const gathered = <In, Out>(
  ask: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, SqlError>
): ((item: In) => Effect.Effect<Out, SqlError>) => {
  const request = Request.tagged<Asked<In, Out>>("Asked")
  const oneAtATime = Semaphore.makeUnsafe(1).withPermit
  const answered = (entries: ReadonlyArray<Request.Entry<Asked<In, Out>>>): Effect.Effect<void> =>
    Effect.matchEffect(ask(entries.map(({ request }) => request.item)), {
      onSuccess: (answers) =>
        Effect.sync(() => entries.forEach((entry, index) => entry.completeUnsafe(Exit.succeed(answers[index] as Out)))),
      onFailure: (error) =>
        entries.length > 1
          ? Effect.forEach(entries, (entry) => answered([entry]), { discard: true })
          : Effect.sync(() => entries[0]?.completeUnsafe(Exit.fail(error)))
    })
  const resolver = RequestResolver.make<Asked<In, Out>>((entries) =>
    Effect.updateContext(oneAtATime(answered(entries)), () => Context.empty())
  ).pipe(
    RequestResolver.setDelayEffect(Effect.andThen(Effect.sleep(gathering), oneAtATime(Effect.void))),
    RequestResolver.batchN(most)
  )
  return (item) => Effect.request(request({ item }), resolver)
}
