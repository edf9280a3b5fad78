import * as Failure from "@privx-kit/core/Failure"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Schemas from "effect/Schema"
import { expectTypeOf } from "vitest"
import * as DurableRun from "../src/DurableRun.ts"
import type { RunExecutor } from "../src/RunExecutor.ts"
import type { RunKind } from "../src/RunKinds.ts"

class VaultSealed extends Failure.Class<VaultSealed>()(
  "VaultSealed",
  { vault: Schemas.String },
  { message: ({ vault }) => vault, hint: "Unseal it." }
) {}

const rotation = DurableRun.make({
  name: "secret-rotation",
  title: "Secret rotation",
  workflow: "SecretRotation",
  steps: [{ name: "create", title: "Create the secret" }],
  inputs: Schemas.Struct({ vault: Schemas.String, from: Schemas.optionalKey(Schemas.DateTimeUtcFromString) }),
  result: Schemas.Struct({ version: Schemas.Int }),
  failure: VaultSealed
})

// A run of a domain is a kind like any other.
expectTypeOf(rotation).toExtend<RunKind>()
// Inputs, result and failures are JSON on record, whatever they are in the program.
expectTypeOf(rotation.result).toEqualTypeOf<Schema.Codec<{ readonly version: number }, Schema.Json>>()

declare const executor: RunExecutor["Service"]
const run = executor.run(rotation, { target: "https://privx.example", inputs: { vault: "main" } })
expectTypeOf<Effect.Success<typeof run>>().toEqualTypeOf<{ readonly version: number }>()
expectTypeOf<Extract<Effect.Error<typeof run>, VaultSealed>>().toEqualTypeOf<VaultSealed>()

// @ts-expect-error -- the inputs have no field of this name
executor.run(rotation, { target: "https://privx.example", inputs: { vlaut: "main" } })

rotation.toLayer((scope) =>
  scope.finish(
    "end",
    // @ts-expect-error -- the result needs a version
    Effect.succeed({})
  )
)
