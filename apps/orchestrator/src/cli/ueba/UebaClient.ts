/** The UEBA operations for commands that call PrivX. */
import type { HostServices } from "@privx-kit/settings/PrivxHosts"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"

export const withUeba = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Ueba> | HostServices> => Effect.provide(effect, Ueba.layer())
