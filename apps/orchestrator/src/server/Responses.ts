/** How the endpoints answer: from the storage, with the kit's failures as problems, and with runs and who asked for them. */
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

/** What the answers are made from. */
export type Stores = Runs | RunKinds | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database

export const make = Effect.gen(function* () {
  const storage = yield* Effect.context<Stores>()
  const submissions = yield* RequesterLog
  const names = yield* DisplayNames
  const kinds = yield* RunKinds

  /** On the storage, with the failures of the kit as answers. */
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

  /** The kind knows its failures; one of a later version is shown as it is. */
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

/** Who acted on a failed run: cancelled it, or rejected its script. */
const actorOf = (failure: Schema.Json): string | undefined => {
  if (typeof failure !== "object" || failure === null || !("by" in failure)) return undefined
  return typeof failure.by === "string" ? failure.by : undefined
}

/** The identities that a run is shown with. */
const peopleOf = ({ earlier, failure, review }: Run, requestedBy: string | undefined): ReadonlyArray<string> =>
  [requestedBy, review?.decision?.by, actorOf(failure), ...earlier.map((attempt) => actorOf(attempt.failure))].filter(
    (name) => name !== undefined
  )

/** For a sentence about it. */
const named = (failure: Schema.Json, shown: DisplayNameMap): Schema.Json => {
  const by = actorOf(failure)
  const name = by !== undefined && Object.hasOwn(shown, by) ? shown[by] : undefined
  return name === undefined || typeof failure !== "object" ? failure : { ...failure, by: name }
}
