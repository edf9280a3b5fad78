/**
 * Which run a request for a set-up means: one that is on record, or a new one that is put there. It needs no engine: what
 * is recorded as queued is begun by whichever process takes it.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import type { Run } from "./runs/Run.ts"
import { Runs } from "./runs/Runs.ts"
import { InvalidInput } from "./SetupFailure.ts"
import { inputsOf, type SetupRequest } from "./SetupRequest.ts"
import { kind } from "./SetupWorkflow.ts"
import type { SetupInputs } from "./SetupWorkflow.ts"
import { nameOf } from "./Targets.ts"

/** A run that was there, or the id of one that has just been recorded. */
export type Chosen = { readonly created: false; readonly run: Run } | { readonly created: true; readonly id: string }

/** Goes on with an unfinished run of the same inputs, or with the one of that idempotency key, else records a new one. */
export const choose = Effect.fn("Submission.choose")(function* (
  target: string,
  inputs: SetupInputs,
  request: Pick<SetupRequest, "fresh" | "idempotencyKey">,
  options: { readonly queued: boolean }
): Effect.fn.Return<Chosen, StorageFailed | InvalidInput, Runs> {
  const { fresh, idempotencyKey } = request
  const runs = yield* Runs
  const wanted = JSON.stringify(inputs)
  while (true) {
    if (idempotencyKey !== undefined) {
      const [run] = yield* runs.list({ kind, target, idempotencyKey, limit: 1 })
      if (run !== undefined && JSON.stringify(run.inputs) !== wanted) {
        return yield* new InvalidInput({ detail: `the idempotency key belongs to the run ${run.id}, which has others` })
      }
      if (run !== undefined) return { created: false, run }
    } else if (fresh !== true) {
      const open = yield* runs.list({ kind, target, unfinished: true })
      const same = open.find((run) => JSON.stringify(run.inputs) === wanted)
      if (same !== undefined) return { created: false, run: same }
    }
    const id = randomUUID()
    // Where it is not, somebody else has recorded one of that key a moment ago.
    if (yield* runs.create({ id, kind, target, inputs, idempotencyKey, ...options })) return { created: true, id }
  }
})

/**
 * Records a set-up for whichever process takes it; nothing of it is waited for. Without an idempotency key, an unfinished
 * run of the same inputs is taken for the one that is meant, unless the request is `fresh`.
 */
export const submit = Effect.fn("Submission.submit")(function* (
  request: SetupRequest
): Effect.fn.Return<Run, StorageFailed | InvalidInput, Runs> {
  const runs = yield* Runs
  const chosen = yield* choose(nameOf(request.target), yield* inputsOf(request), request, { queued: true })
  if (!chosen.created) return chosen.run
  const run = yield* runs.get(chosen.id)
  return run ?? (yield* Effect.die(new Error(`the run ${chosen.id} was removed as soon as it was recorded`)))
})
