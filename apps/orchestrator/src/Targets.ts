/**
 * The PrivX hosts that this process can reach. A data folder may hold unfinished runs of others: they are left as they are,
 * for a process that has the credentials.
 */
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

export class Targets extends Context.Service<
  Targets,
  {
    /** Whether this process is configured for that target. Opens nothing. */
    readonly has: (target: string) => boolean
    /** The operations of a target that it has, for as long as the scope is open. */
    readonly open: (target: string) => Effect.Effect<Ueba["Service"], never, Scope.Scope>
  }
>()("privx-kit/Targets") {
  /** One target, the usual case. */
  static readonly single = (baseUrl: URL): Layer.Layer<Targets, never, Ueba> =>
    Layer.effect(
      Targets,
      Effect.map(Ueba, (ueba) => {
        const own = nameOf(baseUrl)
        return { has: (target: string) => target === own, open: () => Effect.succeed(ueba) }
      })
    )
}

/** What somebody asks for: a base URL, or what stands in its place, as `fleet:NAME` does. */
export const wanted = (text: string): string => {
  const url = URL.parse(text)
  return url === null || url.origin === "null" ? text : nameOf(url)
}

/** What a run keeps of a base URL: origin and path. User name, password, query and fragment can be secrets. */
export const nameOf = (baseUrl: URL): string => baseUrl.origin + baseUrl.pathname.replace(/\/+$/, "")
