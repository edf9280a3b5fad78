import { Failure } from "@privx-kit/core"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expectTypeOf } from "vitest"

class DiskLeft extends Failure.Class<DiskLeft>()(
  "DiskLeft",
  { disk: Schema.String, since: Schema.optionalKey(Schema.DateTimeUtcFromString) },
  {
    message: (self) => {
      // The texts see the fields with the types of their schemas, and nothing else.
      expectTypeOf(self).toEqualTypeOf<{ readonly disk: string; readonly since?: DateTime.Utc }>()
      return self.disk
    },
    hint: "Plug it in again."
  }
) {}

// A class is a failure of the kit: tag, message and hint, beside its own fields.
expectTypeOf<DiskLeft>().toExtend<Failure.Failure>()
expectTypeOf<DiskLeft["_tag"]>().toEqualTypeOf<"DiskLeft">()
expectTypeOf<DiskLeft["hint"]>().toEqualTypeOf<string>()
expectTypeOf<Failure.Fields<DiskLeft>>().toEqualTypeOf<{ readonly disk: string; readonly since?: DateTime.Utc }>()

// It is a schema of itself.
expectTypeOf<(typeof DiskLeft)["Type"]>().toEqualTypeOf<DiskLeft>()
expectTypeOf<(typeof DiskLeft)["Encoded"]>().toEqualTypeOf<{
  readonly _tag: "DiskLeft"
  readonly disk: string
  readonly since?: string
}>()

// Yielding one puts its class into the error channel, and `catchTag` takes it out.
const program = Effect.gen(function* () {
  return yield* new DiskLeft({ disk: "/dev/sdb" })
})
expectTypeOf(program).toEqualTypeOf<Effect.Effect<never, DiskLeft>>()
expectTypeOf(Effect.catchTag(program, "DiskLeft", () => Effect.succeed(0))).toEqualTypeOf<Effect.Effect<number>>()

// @ts-expect-error -- the field `disk` is missing
export const incomplete = new DiskLeft({})

// @ts-expect-error -- every failure says what to do
Failure.Class<DiskLeft>()("DiskLeft", {}, { message: () => "" })

// @ts-expect-error -- no field of this name
Failure.Class<DiskLeft>()("DiskLeft", {}, { message: ({ disk }) => disk, hint: "" })
