/** Handler of the bootstrap endpoint. It records a bootstrap; the process that claims the run executes it. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as BootstrapFile from "../bootstrap/BootstrapFile.ts"
import { BootstrapRun } from "../bootstrap/BootstrapRun.ts"
import * as MinimumPolicy from "../setup/MinimumPolicy.ts"
import { Api } from "./Api.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as Responses from "./Responses.ts"
import * as RunIntake from "./RunIntake.ts"
import { Serving } from "./Serving.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "bootstraps",
  Effect.fnUntraced(function* (handlers) {
    const serving = yield* Serving
    const intake = RunIntake.provided(yield* RequesterLog, serving)
    const { answered, one } = yield* Responses.make

    return handlers.handle("submit", ({ headers, payload }) =>
      Effect.gen(function* () {
        const inputs = yield* BootstrapFile.inputsOf(payload)
        const raised = { ...inputs, ...(yield* MinimumPolicy.raise(inputs, serving.minimum)) }
        const { created, run } = yield* RunIntake.record(BootstrapRun, raised, payload, headers)
        return { created, run: yield* one(run) }
      }).pipe(intake, answered)
    )
  })
)
