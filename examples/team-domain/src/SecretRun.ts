/** A durable run of two steps: creates a secret, then confirms that the vault lists it. */
import * as Failure from "@privx-kit/core/Failure"
import { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as DurableRun from "@privx-kit/runs/DurableRun"
import * as PrivxHosts from "@privx-kit/settings/PrivxHosts"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Secrets } from "./SecretsApi.ts"

export class SecretExists extends Failure.Class<SecretExists>()(
  "SecretExists",
  { name: Schema.String },
  { message: ({ name }) => `The vault already has a secret with the name ${name}.`, hint: "Choose another name." }
) {}

export const secretRun = DurableRun.make({
  name: "secret",
  title: "Secret",
  workflow: "AcmeSecret",
  steps: [
    { name: "create", title: "Create the secret" },
    { name: "confirm", title: "Confirm it" }
  ],
  inputs: Schema.Struct({ name: Schema.String }),
  result: Schema.Struct({ name: Schema.String, count: Schema.Int }),
  failure: Schema.Union([PrivxFailure, SecretExists])
})

export const workflows = secretRun.toLayer(
  Effect.fnUntraced(function* (run) {
    const { name } = run.inputs
    const call = <A, E>(use: (secrets: Secrets["Service"]) => Effect.Effect<A, E>) =>
      Secrets.use(use).pipe(Effect.provide(Secrets.layer), PrivxHosts.at(run.target))
    const listed = call(({ list }) => list)
    const isThere = Effect.map(listed, ({ items }) => items.some((secret) => secret.name === name))
    // Journaled before anything is created: what is there after a crash may be this run's own.
    if (yield* run.activity("look", { success: Schema.Boolean }, isThere)) {
      return yield* run.finish("refuse", Effect.fail(new SecretExists({ name })))
    }
    yield* run.step(
      "create",
      { success: Schema.Void, summary: () => name },
      Effect.flatMap(isThere, (done) => (done ? Effect.void : call(({ create }) => create(name))))
    )
    const counted = Effect.map(listed, ({ count }) => ({ name, count }))
    return yield* run.finishStep("confirm", counted)
  })
)
