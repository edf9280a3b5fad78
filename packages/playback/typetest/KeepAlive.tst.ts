import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { TokenProvider } from "@privx-kit/http/TokenProvider"
import { KeepAlive, keepAlive, type Playback } from "@privx-kit/playback"
import type { Ended } from "@privx-kit/playback/KeepAlive"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { expectTypeOf } from "vitest"

declare const id: PlaybackSessionId

// It ends when the session does, and fails as the operation does.
expectTypeOf(keepAlive(id)).toEqualTypeOf<Effect.Effect<Ended, PrivxFailure, KeepAlive>>()
expectTypeOf(KeepAlive.layer()).toEqualTypeOf<Layer.Layer<KeepAlive, never, Playback | TokenProvider>>()

// @ts-expect-error -- a session id is a secret, and no string
KeepAlive.keepAlive("a-session")
