/** How the endpoints answer: from the storage, with the kit's failures as problems, and with runs and who asked for them. */
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Database } from "../Database.ts"
import type { Approvals } from "../runs/Approvals.ts"
import type { Run } from "../runs/Run.ts"
import type { RunRequests } from "../runs/RunRequests.ts"
import type { Runs } from "../runs/Runs.ts"
import type { ServedRun } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import { Submissions } from "./Submissions.ts"

/** What the answers are made from. */
export type Stores = Runs | RunRequests | Approvals | MessageStorage | SqlClient.SqlClient | Database

export const make = Effect.gen(function* () {
  const storage = yield* Effect.context<Stores>()
  const submissions = yield* Submissions

  /** On the storage, with the failures of the kit as answers. */
  const answered = <A, E extends Problem.Answerable | Problem.Problem, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.mapError(Effect.provideContext(effect, storage), (failure): Problem.Problem =>
      "status" in failure && "code" in failure ? failure : Problem.of(failure)
    )

  const served = (found: ReadonlyArray<Run>) =>
    Effect.map(submissions.of(found), (askers) =>
      found.map((run): ServedRun => ({ ...run, requestedBy: askers.get(run.id) ?? null }))
    )

  const one = (run: Run) => Effect.map(served([run]), ([only]) => only ?? { ...run, requestedBy: null })

  return { answered, served, one }
})
