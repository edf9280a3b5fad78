/** The UEBA operations of a PrivX host, made from its connection. */
import type { HostServices } from "@privx-kit/settings/PrivxHosts"
import { type Options, Ueba } from "@privx-kit/ueba/Ueba"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

type Operations = (host: Context.Context<HostServices>) => Effect.Effect<Ueba["Service"]>

/** Created once for each host, regardless of the number of runs. */
const make = (options: Options): Operations => {
  const known = new WeakMap<Context.Context<HostServices>, Ueba["Service"]>()
  return (host) =>
    Effect.suspend(() => {
      const ueba = known.get(host)
      if (ueba !== undefined) return Effect.succeed(ueba)
      return Layer.build(Ueba.layer(options)).pipe(
        Effect.map(Context.get(Ueba)),
        Effect.tap((made) => Effect.sync(() => known.set(host, made))),
        Effect.provideContext(host),
        Effect.scoped
      )
    })
}

export const UebaOperations = Context.Reference<Operations>("privx-kit/setup/UebaOperations", {
  defaultValue: () => make({})
})

/** With options of the UEBA client that differ from the defaults. */
export const layer = (options: Options): Layer.Layer<never> => Layer.succeed(UebaOperations, make(options))
