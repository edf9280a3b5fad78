/**
 * The PrivX hosts that this process is configured for. The record may contain unfinished runs of other hosts: they are
 * left unchanged for a process that has the credentials.
 *
 * @since 0.1.0
 */
import type { Connection } from "@privx-kit/http/Connection"
import type { TokenProvider } from "@privx-kit/http/TokenProvider"
import type { Transport } from "@privx-kit/http/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/**
 * The connection to a host, from which the clients of every domain are made.
 *
 * @since 0.1.0
 * @category models
 */
export type HostServices = Transport | TokenProvider | Connection

/**
 * @since 0.1.0
 * @category services
 */
export class PrivxHosts extends Context.Service<
  PrivxHosts,
  {
    /** Whether this process is configured for the host. It opens no connection. */
    readonly has: (host: string) => boolean
    /** Opens the connection to a configured host, until the scope closes. */
    readonly open: (host: string) => Effect.Effect<Context.Context<HostServices>, never, Scope.Scope>
  }
>()("@privx-kit/settings/PrivxHosts") {
  /** One host, the usual case. */
  static readonly single = (baseUrl: URL): Layer.Layer<PrivxHosts, never, HostServices> =>
    Layer.effect(
      PrivxHosts,
      Effect.map(Effect.context<HostServices>(), (services) => {
        const own = nameOf(baseUrl)
        return { has: (host: string) => host === own, open: () => Effect.succeed(services) }
      })
    )

  /** No host: for a process that receives hosts only with the runs that it executes. */
  static readonly none: Layer.Layer<PrivxHosts> = Layer.succeed(PrivxHosts, {
    has: () => false,
    open: () => Effect.die(new Error("this process is not configured for any PrivX host"))
  })
}

/**
 * Provides an effect with the connection to a host, until the effect ends.
 *
 * **Gotchas**: ask `has` first. For a host that this process is not configured for, `none` dies, and `single` opens the
 * connection to its own host.
 *
 * @param host as {@link nameOf} writes it
 *
 * @example
 * ```ts
 * import * as PrivxHosts from "@privx-kit/settings/PrivxHosts"
 * import { Ueba } from "@privx-kit/ueba/Ueba"
 * import * as Effect from "effect/Effect"
 *
 * export const status = Ueba.use((ueba) => ueba.configuration).pipe(
 *   Effect.provide(Ueba.layer()),
 *   PrivxHosts.at("https://privx.example.com")
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const at =
  (host: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, HostServices> | PrivxHosts> =>
    Effect.scoped(
      Effect.flatMap(PrivxHosts, ({ open }) =>
        Effect.flatMap(open(host), (services) => Effect.provideContext(effect, services))
      )
    )

/**
 * Writes a target that a person typed as records name it: a base URL, or another target such as `fleet:NAME`.
 *
 * @example
 * ```ts
 * import * as PrivxHosts from "@privx-kit/settings/PrivxHosts"
 *
 * export const target = PrivxHosts.normalize("https://privx.example.com/") // https://privx.example.com
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const normalize = (text: string): string => {
  const url = URL.parse(text)
  return url === null || url.origin === "null" ? text : nameOf(url)
}

/**
 * Returns the part of a base URL that a run records: origin and path, without a slash at the end.
 *
 * **Details**: user name, password, query and fragment are left out, because they can be secrets.
 *
 * @example
 * ```ts
 * import * as PrivxHosts from "@privx-kit/settings/PrivxHosts"
 *
 * export const host = PrivxHosts.nameOf(new URL("https://privx.example.com/privx/?a=b")) // https://privx.example.com/privx
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const nameOf = (baseUrl: URL): string => baseUrl.origin + baseUrl.pathname.replace(/\/+$/, "")
