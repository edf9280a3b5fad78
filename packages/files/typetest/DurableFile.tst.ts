import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import * as DurableFile from "@privx-kit/files/DurableFile"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { expectTypeOf } from "vitest"

// A file is removed with the scope unless it was committed.
const unfinished = DurableFile.begin("/var/lib/example/note.part")
expectTypeOf<Effect.Services<typeof unfinished>>().toEqualTypeOf<Scope.Scope>()
expectTypeOf<Effect.Error<typeof unfinished>>().toEqualTypeOf<StorageFailed>()

// What writes a file as a whole needs none, and fails in one way only.
expectTypeOf(DurableFile.write("/etc/note", new Uint8Array(), { owner: "example" })).toEqualTypeOf<
  Effect.Effect<void, StorageFailed>
>()
// @ts-expect-error -- without an owner, nothing would remove what a crash left
void DurableFile.write("/etc/note", new Uint8Array(), {})

expectTypeOf(BoundedFile.read("/etc/policy.toml", { maxBytes: 1024 })).toEqualTypeOf<
  Effect.Effect<Buffer, StorageFailed>
>()
// @ts-expect-error -- a file of others is read up to a bound
void BoundedFile.read("/etc/policy.toml", {})
