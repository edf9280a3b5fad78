/**
 * The part of a domain in `privx-kit serve`: endpoints that call PrivX, and a view on the web page. The server checks the
 * token and the role, opens the PrivX host, and converts failures to problem details. The domain defines the calls to
 * PrivX and the response.
 *
 * ```ts
 * const list = DomainServer.endpoint({
 *   name: "secrets",
 *   method: "GET",
 *   path: "/secrets",
 *   right: "look",
 *   summary: "List the secrets of a vault",
 *   success: SecretList,
 *   run: () => Effect.flatMap(Secrets, ({ list }) => list).pipe(Effect.provide(Secrets.layer))
 * })
 * export const server: DomainServer.DomainServer = {
 *   title: "Secrets",
 *   endpoints: [list],
 *   view: viewFile // the absolute path of secretsView.js
 * }
 * ```
 *
 * The endpoint of the example is `GET /api/v1/domains/secrets/secrets?host=https://privx.example.com`.
 */
import type { Failure } from "@privx-kit/core/Failure"
import type { HostServices } from "@privx-kit/settings/PrivxHosts"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** The permission of the caller: to read (every role), to make changes (operator, admin), or to administer (admin). */
export type Right = "look" | "submit" | "administer"

/** The values of the path parameters. */
export type Params = Readonly<Record<string, string>>

export interface DomainEndpoint {
  /** Unique in the domain. */
  readonly name: string
  readonly method: "GET" | "POST"
  /** Below `/api/v1/domains/NAME`; `:id` matches one segment. */
  readonly path: `/${string}`
  readonly right: Right
  /** For the OpenAPI document. */
  readonly summary: string
  readonly success: Schema.Top
  /** The response as JSON. */
  readonly run: (params: Params) => Effect.Effect<Schema.Json, Failure, HostServices | Scope.Scope>
}

export interface DomainServer {
  /** Its name on the web page. */
  readonly title: string
  readonly endpoints: ReadonlyArray<DomainEndpoint>
  /**
   * The absolute path of a JavaScript module that shows the domain on the web page. It exports `mount(element, context)`,
   * which fills the element and returns a function that removes the view. `context.request(path)` is `fetch` with the
   * sign-in of the page. The security policy of the page applies: no inline style or script, and nothing from other
   * servers.
   */
  readonly view?: string
}

/** Creates an endpoint whose response has a schema. */
export const endpoint = <S extends Schema.Codec<unknown, unknown>>(
  options: Omit<DomainEndpoint, "run" | "success"> & {
    readonly success: S
    readonly run: (params: Params) => Effect.Effect<S["Type"], Failure, HostServices | Scope.Scope>
  }
): DomainEndpoint => {
  const encode = Schema.encodeEffect(Schema.toCodecJson(options.success))
  return {
    ...options,
    run: (params) => Effect.flatMap(options.run(params), (answer) => Effect.orDie(encode(answer)))
  }
}
