/** Records a setup for the process that claims it. Needs no engine. */
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as RunSubmission from "@privx-kit/runs/RunSubmission"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { inputsOf, type SetupRequest } from "./SetupRequest.ts"
import { SetupRun } from "./SetupRun.ts"

/** The recorded run that a request selects, if there is one. */
export const find = Effect.fn("SetupSubmission.find")(function* (request: SetupRequest) {
  const { fresh, idempotencyKey, target } = request
  const json = yield* Effect.orDie(Schema.encodeEffect(SetupRun.inputs)(yield* inputsOf(request)))
  return yield* RunSubmission.find(SetupRun, { target: nameOf(target), json, fresh, idempotencyKey })
})

/**
 * Without an idempotency key, an unfinished run with the same inputs is joined, unless the request is `fresh`.
 */
export const submit = Effect.fn("SetupSubmission.submit")(function* (request: SetupRequest) {
  const { fresh, idempotencyKey, target } = request
  const inputs = yield* inputsOf(request)
  return yield* RunSubmission.submit(SetupRun, { target: nameOf(target), inputs, fresh, idempotencyKey })
})
