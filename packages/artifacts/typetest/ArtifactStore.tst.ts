import { type Artifact, ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { DataDirectory, DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { expectTypeOf } from "vitest"

declare const store: ArtifactStore["Service"]
declare const bytes: Stream.Stream<Uint8Array, "offline", "network">

// What the source of the bytes fails with and needs comes through.
const stored = store.store(bytes, { maxBytes: 1024 })
expectTypeOf<Effect.Success<typeof stored>>().toEqualTypeOf<Artifact>()
expectTypeOf<Effect.Error<typeof stored>>().toEqualTypeOf<StorageFailed | "offline">()
expectTypeOf<Effect.Services<typeof stored>>().toEqualTypeOf<"network">()

expectTypeOf(store.find("00")).toEqualTypeOf<Effect.Effect<Artifact | undefined, StorageFailed>>()
expectTypeOf(ArtifactStore.layer).toEqualTypeOf<Layer.Layer<ArtifactStore, DataDirectoryUnusable, DataDirectory>>()
