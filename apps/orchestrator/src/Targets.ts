/**
 * The PrivX hosts that this process can reach. A data folder may hold unfinished runs of others: they are left as they are,
 * for a process that has the credentials.
 */
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export class Targets extends Context.Service<
  Targets,
  {
    /** The operations of that target, or `undefined` when this process is not configured for it. */
    readonly find: (target: string) => Ueba["Service"] | undefined
  }
>()("privx-kit/Targets") {
  /** One target, the usual case. */
  static readonly single = (baseUrl: URL): Layer.Layer<Targets, never, Ueba> =>
    Layer.effect(
      Targets,
      Effect.map(Ueba, (ueba) => {
        const own = nameOf(baseUrl)
        return { find: (target: string) => (target === own ? ueba : undefined) }
      })
    )
}

/** What a run keeps of a base URL: origin and path. User name, password, query and fragment can be secrets. */
export const nameOf = (baseUrl: URL): string => baseUrl.origin + baseUrl.pathname.replace(/\/+$/, "")
