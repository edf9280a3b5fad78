/**
 * Creates the responses of the endpoints from the storage: failures of the kit as problems, and runs with their
 * requesters.
 */
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Database } from "@privx-kit/durable/Database"
import type { Approvals } from "@privx-kit/runs/Approvals"
import type { Run } from "@privx-kit/runs/Run"
import { RunKinds } from "@privx-kit/runs/RunKinds"
import type { RunRequests } from "@privx-kit/runs/RunRequests"
import type { Runs } from "@privx-kit/runs/Runs"
import type { Explanation, ServedRun } from "./ApiEndpoint.ts"
import { type DisplayNameMap, DisplayNames } from "./DisplayNames.ts"
import * as Problem from "./Problem.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as MaskedPaths from "./MaskedPaths.ts"

/** The services that responses are made from. */
export type Stores = Runs | RunKinds | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database

export const make = Effect.gen(function* () {
  const storage = yield* Effect.context<Stores>()
  const submissions = yield* RequesterLog
  const names = yield* DisplayNames
  const kinds = yield* RunKinds

  /** Runs an effect with the storage, and converts failures of the kit to responses. */
  const answered = <A, E extends Problem.Answerable | Problem.Problem, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.mapError(Effect.provideContext(effect, storage), (failure): Problem.Problem =>
      "status" in failure && "code" in failure ? failure : Problem.of(failure)
    )

  const served = Effect.fnUntraced(function* (found: ReadonlyArray<Run>) {
    const askers = yield* submissions.of(found)
    const shown = yield* names.of(found.flatMap((run) => peopleOf(run, askers.get(run.id))))
    return found.map((run) => respond(run, askers.get(run.id), shown))
  })

  const respond = (run: Run, requestedBy: string | undefined, shown: DisplayNameMap): ServedRun => {
    const masked = MaskedPaths.run(run)
    const people = peopleOf(run, requestedBy)
    return {
      ...masked,
      explanation: explain(masked, shown),
      requestedBy: requestedBy ?? null,
      displayNames: Object.fromEntries(Object.entries(shown).filter(([name]) => people.includes(name)))
    }
  }

  /** The kind decodes its failures; a failure from a later version is shown unchanged. */
  const explain = ({ failure, kind }: Run, shown: DisplayNameMap): Explanation | null => {
    const known = failure === null ? undefined : kinds.find(kind)
    if (known === undefined) return null
    return Option.match(Schema.decodeUnknownOption(known.failure)(named(failure, shown)), {
      onNone: () => null,
      onSome: ({ hint, message }) => ({ message, hint })
    })
  }

  const one = (run: Run) => Effect.map(served([run]), ([only]) => only ?? respond(run, undefined, {}))

  return { answered, served, one }
})

/** The person who cancelled the run or rejected its script. */
const actorOf = (failure: Schema.Json): string | undefined => {
  if (typeof failure !== "object" || failure === null || !("by" in failure)) return undefined
  return typeof failure.by === "string" ? failure.by : undefined
}

/** The identities that are shown with a run. */
const peopleOf = ({ earlier, failure, review }: Run, requestedBy: string | undefined): ReadonlyArray<string> =>
  [requestedBy, review?.decision?.by, actorOf(failure), ...earlier.map((attempt) => actorOf(attempt.failure))].filter(
    (name) => name !== undefined
  )

/** The name for a sentence. */
const named = (failure: Schema.Json, shown: DisplayNameMap): Schema.Json => {
  const by = actorOf(failure)
  const name = by !== undefined && Object.hasOwn(shown, by) ? shown[by] : undefined
  return name === undefined || typeof failure !== "object" ? failure : { ...failure, by: name }
}
