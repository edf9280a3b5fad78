/**
 * UEBA setups as durable runs: starts one or joins an unfinished one, and returns its result.
 *
 * ```ts
 * const result = yield* Setups.use((setups) => setups.run({ target, output: "." }))
 * // provided with EmbeddedRuntime.layerSetups({ dataDir, target })
 * ```
 */
import type { ApprovalPending, InvalidInput, RunConflict, RunNotFound } from "@privx-kit/runs/RunFailures"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SetupFailure } from "./SetupFailure.ts"
import { inputsOf, type SetupRequest } from "./SetupRequest.ts"
import { type SetupResult, SetupRun } from "./SetupRun.ts"

export type { SetupRequest, SetupResult }

export class Setups extends Context.Service<
  Setups,
  {
    /**
     * Executes a setup to its end: resumes `runId`, joins the latest unfinished run with the same target and inputs, or
     * starts a new one. If it is interrupted, the run can be resumed: by the engine while this process runs, and by the
     * next process afterwards.
     */
    readonly run: (
      request: SetupRequest
    ) => Effect.Effect<SetupResult, SetupFailure | InvalidInput | RunNotFound | ApprovalPending>
    /** Retries a failed or cancelled run with its inputs, as another attempt. */
    readonly retry: (request: {
      readonly target: URL
      readonly runId: string
      readonly noWait?: boolean | undefined
    }) => Effect.Effect<SetupResult, SetupFailure | RunNotFound | RunConflict | ApprovalPending>
  }
>()("privx-kit/Setups") {
  static readonly layer: Layer.Layer<Setups, never, RunExecutor> = Layer.effect(
    Setups,
    Effect.map(RunExecutor, (executor) =>
      Setups.of({
        run: Effect.fn("Setups.run")(function* (request) {
          const target = nameOf(request.target)
          const { fresh, idempotencyKey, noWait, onRun, runId } = request
          if (runId !== undefined) return yield* executor.resume(SetupRun, runId, { target, noWait, onRun })
          const inputs = yield* inputsOf(request)
          return yield* executor.run(SetupRun, { target, inputs, fresh, idempotencyKey }, { noWait, onRun })
        }),
        retry: Effect.fn("Setups.retry")(({ noWait, runId, target }) =>
          executor.retry(SetupRun, runId, { target: nameOf(target), noWait })
        )
      })
    )
  )
}
