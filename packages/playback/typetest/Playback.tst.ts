import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Playback } from "@privx-kit/playback"
import type * as Effect from "effect/Effect"
import { expectTypeOf } from "vitest"

expectTypeOf<Playback["Service"]["reauthenticate"]>().toEqualTypeOf<
  (sessionId: PlaybackSessionId) => Effect.Effect<void, PrivxFailure>
>()
