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
import * as Problem from "./Problem.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as MaskedPaths from "./MaskedPaths.ts"

/** What the answers are made from. */
export type Stores = Runs | RunKinds | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database

export const make = Effect.gen(function* () {
  const storage = yield* Effect.context<Stores>()
  const submissions = yield* RequesterLog
  const kinds = yield* RunKinds

  /** On the storage, with the failures of the kit as answers. */
  const answered = <A, E extends Problem.Answerable | Problem.Problem, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.mapError(Effect.provideContext(effect, storage), (failure): Problem.Problem =>
      "status" in failure && "code" in failure ? failure : Problem.of(failure)
    )

  const served = (found: ReadonlyArray<Run>) =>
    Effect.map(submissions.of(found), (askers) => found.map((run): ServedRun => respond(run, askers.get(run.id))))

  const respond = (run: Run, requestedBy: string | undefined): ServedRun => {
    const masked = MaskedPaths.run(run)
    return { ...masked, explanation: explain(masked), requestedBy: requestedBy ?? null }
  }

  /** The kind knows its failures; one of a later version is shown as it is. */
  const explain = ({ failure, kind }: Run): Explanation | null => {
    const known = failure === null ? undefined : kinds.find(kind)
    if (known === undefined) return null
    return Option.match(Schema.decodeUnknownOption(known.failure)(failure), {
      onNone: () => null,
      onSome: ({ hint, message }) => ({ message, hint })
    })
  }

  const one = (run: Run) => Effect.map(served([run]), ([only]) => only ?? respond(run, undefined))

  return { answered, served, one }
})
