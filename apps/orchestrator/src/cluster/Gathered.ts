/**
 * What many fibers ask of Postgres at about the same time, asked in one statement: a round trip and a commit cost far more
 * than a row.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import type { SqlError } from "effect/sql/SqlError"

interface Asked<In, Out> extends Request.Request<Out, SqlError> {
  readonly _tag: "Asked"
  readonly item: In
}

/** How long the first of a group waits for others. */
const gathering = "1 millis"

/** A statement longer than this keeps others waiting. */
const most = 200

/**
 * Asks for one item by way of a group. `ask` answers for each item, in their order; when it fails, it fails for all of them.
 * It does not run within the caller's transaction, if there is one.
 */
export const gathered = <In, Out>(
  ask: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Out>, SqlError>
): ((item: In) => Effect.Effect<Out, SqlError>) => {
  const request = Request.tagged<Asked<In, Out>>("Asked")
  const resolver = RequestResolver.make<Asked<In, Out>>((entries) =>
    Effect.map(ask(entries.map(({ request }) => request.item)), (answers) => {
      answers.forEach((answer, index) => entries[index]?.completeUnsafe(Exit.succeed(answer)))
    })
  ).pipe(RequestResolver.setDelay(gathering), RequestResolver.batchN(most))
  return (item) => Effect.request(request({ item }), resolver)
}
