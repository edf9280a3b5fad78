/**
 * Finds or records the run for a request. It needs no engine: the process that claims a queued run starts it.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import type { Failure } from "@privx-kit/core/Failure"
import type { DurableRun } from "./DurableRun.ts"
import type { Run } from "./Run.ts"
import { InvalidInput } from "./RunFailures.ts"
import type { RunKind } from "./RunKinds.ts"
import { Runs } from "./Runs.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Request<Inputs> {
  /** Base URL of the PrivX host, as `PrivxHosts.nameOf` writes it, or the name of another target. */
  readonly target: string
  readonly inputs: Inputs
  /** Start a new run even if an unfinished run with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** If a run with this key exists for the target, that run is joined, even if it has ended. */
  readonly idempotencyKey?: string | undefined
}

/**
 * An existing run, or the id of a new one.
 *
 * @since 0.1.0
 * @category models
 */
export type Chosen = { readonly created: false; readonly run: Run } | { readonly created: true; readonly id: string }

/**
 * Returns the recorded run that a request means, if there is one.
 *
 * **Details**: the run with its idempotency key, or else the latest unfinished one with the same inputs, unless the request
 * is `fresh`.
 *
 * **Errors**: `InvalidInput` if the key belongs to a run with other inputs, `StorageFailed`.
 *
 * @param request.json the inputs as they are recorded
 *
 * @example
 * ```ts
 * import * as RunSubmission from "@privx-kit/runs/RunSubmission"
 *
 * export const run = RunSubmission.find(
 *   { name: "secret-rotation" },
 *   { target: "https://privx.example.com", json: { vault: "main" }, idempotencyKey: "monday" }
 * )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const find = Effect.fn("RunSubmission.find")(function* (
  kind: Pick<RunKind, "name">,
  request: Omit<Request<unknown>, "inputs"> & { readonly json: Schema.Json }
): Effect.fn.Return<Run | undefined, StorageFailed | InvalidInput, Runs> {
  const { fresh, idempotencyKey, json, target } = request
  const runs = yield* Runs
  const text = JSON.stringify(json)
  if (idempotencyKey !== undefined) {
    const [run] = yield* runs.list({ kind: kind.name, target, idempotencyKey, limit: 1 })
    if (run === undefined || JSON.stringify(run.inputs) === text) return run
    return yield* new InvalidInput({ detail: `the idempotency key belongs to run ${run.id}, which has other inputs` })
  }
  if (fresh === true) return undefined
  const open = yield* runs.list({ kind: kind.name, target, unfinished: true })
  return open.find((run) => JSON.stringify(run.inputs) === text)
})

/**
 * Returns the run that a request means, or records a new one.
 *
 * **When to use**: {@link submit} for a process that claims it, `RunExecutor` to execute it here. This is what both do.
 *
 * **Errors**: as of {@link find}.
 *
 * @param options.queued whether another process is to claim it
 *
 * @example
 * ```ts
 * import * as RunSubmission from "@privx-kit/runs/RunSubmission"
 *
 * export const chosen = RunSubmission.choose(
 *   { name: "secret-rotation" },
 *   { target: "https://privx.example.com", json: { vault: "main" } },
 *   { queued: true }
 * )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const choose = Effect.fn("RunSubmission.choose")(function* (
  kind: Pick<RunKind, "name">,
  request: Omit<Request<unknown>, "inputs"> & { readonly json: Schema.Json },
  options: { readonly queued: boolean }
): Effect.fn.Return<Chosen, StorageFailed | InvalidInput, Runs> {
  const { idempotencyKey, json, target } = request
  const runs = yield* Runs
  while (true) {
    const run = yield* find(kind, request)
    if (run !== undefined) return { created: false, run }
    const id = randomUUID()
    const created = yield* runs.create({ id, kind: kind.name, target, inputs: json, idempotencyKey, ...options })
    // If it was not created, another process has just recorded a run with that key.
    if (created) return { created: true, id }
  }
})

/**
 * Records a run for the process that claims it, or joins the one that the request means.
 *
 * **Details**: it needs no engine.
 *
 * **Errors**: `InvalidInput` if the inputs do not fit the kind, or the key belongs to a run with other inputs;
 * `StorageFailed`.
 *
 * @example
 * ```ts
 * import * as RunSubmission from "@privx-kit/runs/RunSubmission"
 * import type { Failure } from "@privx-kit/core/Failure"
 * import type { DurableRun } from "@privx-kit/runs/DurableRun"
 *
 * export const submitted = <Result, E extends Failure>(kind: DurableRun<{ readonly vault: string }, Result, E>) =>
 *   RunSubmission.submit(kind, { target: "https://privx.example.com", inputs: { vault: "main" }, idempotencyKey: "monday" })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const submit = Effect.fn("RunSubmission.submit")(function* <Inputs, Result, E extends Failure>(
  kind: DurableRun<Inputs, Result, E>,
  request: Request<Inputs>
): Effect.fn.Return<Run, StorageFailed | InvalidInput, Runs> {
  const runs = yield* Runs
  const json = yield* Effect.mapError(
    Schema.encodeEffect(kind.inputs)(request.inputs),
    (error) => new InvalidInput({ detail: error.message })
  )
  const chosen = yield* choose(kind, { ...request, json }, { queued: true })
  if (!chosen.created) return chosen.run
  const run = yield* runs.get(chosen.id)
  return run ?? (yield* Effect.die(new Error(`the run ${chosen.id} was removed right after it was recorded`)))
})
