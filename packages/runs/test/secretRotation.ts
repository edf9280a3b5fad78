/** A kind of run with two steps, which no domain of the kit contains. */
import * as Failure from "@privx-kit/core/Failure"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import * as DurableRun from "../src/DurableRun.ts"
import { RunExecutor } from "../src/RunExecutor.ts"
import { Runs } from "../src/Runs.ts"
import { target } from "./embedded.ts"

export class VaultSealed extends Failure.Class<VaultSealed>()(
  "VaultSealed",
  { vault: Schema.String },
  { message: ({ vault }) => `The vault ${vault} is sealed.`, hint: "Unseal it." }
) {}

export const rotation = DurableRun.make({
  name: "secret-rotation",
  title: "Secret rotation",
  workflow: "SecretRotation",
  steps: [
    { name: "create", title: "Create the secret" },
    { name: "confirm", title: "Confirm it" }
  ],
  inputs: Schema.Struct({ vault: Schema.String }),
  result: Schema.Struct({ version: Schema.Int }),
  failure: VaultSealed
})

export const place = Effect.map(temporary.directory, (directory) => path.join(directory, "data"))

export const request = { target, inputs: { vault: "main" } }

export const run = Effect.flatMap(RunExecutor, (executor) => executor.run(rotation, request))

export const recorded = Effect.flatMap(Runs, (runs) => runs.list())
