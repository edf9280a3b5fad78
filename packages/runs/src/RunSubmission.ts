/**
 * Finds or records the run for a request. It needs no engine: the process that claims a queued run starts it.
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

export interface Request<Inputs> {
  /** Base URL of the PrivX host, as `PrivxHosts.nameOf` writes it, or the name of another target. */
  readonly target: string
  readonly inputs: Inputs
  /** Start a new run even if an unfinished run with the same inputs exists. */
  readonly fresh?: boolean | undefined
  /** If a run with this key exists for the target, that run is joined, even if it has ended. */
  readonly idempotencyKey?: string | undefined
}

/** An existing run, or the id of a new one. */
export type Chosen = { readonly created: false; readonly run: Run } | { readonly created: true; readonly id: string }

/** Finds the recorded run that a request joins, if there is one. */
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

/** Joins an unfinished run with the same inputs, or the one with that idempotency key; otherwise records a new run. */
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

/** Records a queued run, and does not wait for it. */
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
