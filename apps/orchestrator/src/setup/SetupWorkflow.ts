/** The durable setup. */
import * as Effect from "effect/Effect"
import { SetupRun } from "./SetupRun.ts"
import * as SetupSteps from "./SetupSteps.ts"

export const layer = SetupRun.toLayer(
  Effect.fnUntraced(function* (run) {
    const checked = yield* SetupSteps.verified(run)
    return yield* run.finish("deliver", SetupSteps.delivered(run, checked))
  })
)
