/**
 * Converts a submission to a run: selects the PrivX host and the idempotency key, and records the run together with its
 * requester. The process that claims the run executes it.
 */
import type { Failure } from "@privx-kit/core/Failure"
import type { DurableRun } from "@privx-kit/runs/DurableRun"
import * as RunActions from "@privx-kit/runs/RunActions"
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import * as RunSubmission from "@privx-kit/runs/RunSubmission"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Principal } from "./Principal.ts"
import { RequesterLog } from "./RequesterLog.ts"
import { Serving } from "./Serving.ts"

/** The common fields of all submissions. */
export interface Submission {
  readonly target?: string | undefined
  readonly idempotencyKey?: string | undefined
  /** `false`: join an unfinished run with the same inputs. Default `true`. */
  readonly fresh?: boolean | undefined
}

/** Records the run, or finds the existing one. Returns the run, and whether it is new. */
export const record = Effect.fnUntraced(function* <Inputs, Result, E extends Failure>(
  kind: DurableRun<Inputs, Result, E>,
  inputs: Inputs,
  submission: Submission,
  headers: { readonly "idempotency-key"?: string } = {}
) {
  const { name } = yield* Principal
  const log = yield* RequesterLog
  const { targets } = yield* Serving
  const idempotencyKey = yield* keyOf(submission, headers)
  const target = yield* targetOf(submission, targets)
  const json = yield* Effect.orDie(Schema.encodeEffect(kind.inputs)(inputs))
  const request = { target, json, idempotencyKey, fresh: submission.fresh ?? true }
  let chosen: RunSubmission.Chosen | undefined
  yield* log.recorded(
    name,
    Effect.gen(function* () {
      chosen = yield* RunSubmission.choose(kind, request, { queued: true })
      return chosen.created ? { id: chosen.id, attempt: 1 } : undefined
    })
  )
  const made: RunSubmission.Chosen = chosen ?? (yield* Effect.die(new Error("no run was recorded")))
  return { created: made.created, run: yield* RunActions.find(made.created ? made.id : made.run.id) }
})

/** Provides an effect with the services of the server. */
export const provided =
  (log: RequesterLog["Service"], serving: Serving["Service"]) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, RequesterLog | Serving>> =>
    Effect.provideContext(effect, Context.make(RequesterLog, log).pipe(Context.add(Serving, serving)))

const keyOf = (
  { idempotencyKey }: Submission,
  { "idempotency-key": key }: { readonly "idempotency-key"?: string }
): Effect.Effect<string | undefined, InvalidInput> =>
  key !== undefined && idempotencyKey !== undefined && key !== idempotencyKey
    ? Effect.fail(new InvalidInput({ detail: "the header and the body have different idempotency keys" }))
    : Effect.succeed(key ?? idempotencyKey)

/** The requested PrivX host, for which the server must be configured. */
export const targetOf = (
  { target }: Pick<Submission, "target">,
  known: ReadonlyArray<string>
): Effect.Effect<string, InvalidInput> => {
  const [only, ...others] = known
  if (target === undefined && only !== undefined && others.length === 0) return Effect.succeed(only)
  const url = target === undefined ? null : URL.parse(target)
  const name = url === null ? target : nameOf(url)
  if (name !== undefined && known.includes(name)) return Effect.succeed(name)
  const some = known.length > few ? `${known.slice(0, few).join(", ")} and others` : known.join(", ")
  const what =
    target === undefined ? "a target is required, one of" : "the server is not configured for this target, only for"
  return Effect.fail(new InvalidInput({ detail: `${what} ${some}` }))
}

/** Maximum number of hosts that a sentence names. */
const few = 5
