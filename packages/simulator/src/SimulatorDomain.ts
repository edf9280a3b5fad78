/**
 * The contribution of a domain to the simulator: its endpoints with their handlers, and controls with which a test or a
 * person changes its state. The kit's own domains (`UebaSimulator`, `PlaybackSimulator`) and all others are made in
 * this way.
 *
 * A package adds a domain in three steps:
 *
 * 1. It defines its endpoints once, as an `HttpApi` whose groups have `PrivxMiddleware` and whose endpoints are
 *    annotated with `Operation`. The client uses the same definition. The middleware provides tokens, scopes, faults
 *    and the record of requests; nothing has to be registered for them.
 * 2. It implements the groups, and wraps them in a layer. A handler fails with an `ApiError` (`Refusal` has the usual ones),
 *    which becomes the error body of the API.
 * 3. It gives the layer to `Simulator.make({ domains: [layer] })`, or, for a PrivX that has only the domains it names, to
 *    `SimulatedPrivx.make({ domains: [layer] })`.
 *
 * ```ts
 * const secretsSimulator: SimulatorDomain =
 *   HttpApiBuilder.layer(SecretsApi).pipe(
 *     Layer.provide(
 *       HttpApiBuilder.group(SecretsApi, "secrets", (handlers) =>
 *         handlers.handle("list", () => Effect.succeed({ count: 0, items: [] }))
 *       )
 *     )
 *   )
 * ```
 *
 * A domain with controls is a layer of its own service: see `PlaybackSimulator` for a short example. The simulator has
 * that service in `controls`.
 *
 * @since 0.1.0
 */
import type * as Scope from "@privx-kit/core/Scope"
import type { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Etag from "effect/http/Etag"
import type * as HttpPlatform from "effect/http/HttpPlatform"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import type { SimulatorError } from "./SimulatorError.ts"

/**
 * The services of the simulator for its domains.
 *
 * @since 0.1.0
 * @category services
 */
export class Environment extends Context.Service<
  Environment,
  {
    /**
     * A generator of numbers from 0 to 1, excluding 1. It depends only on the seed of the simulator and the label: the
     * same label gives the same sequence in each run, and different labels give unrelated sequences.
     */
    readonly random: (label: string) => () => number
    /**
     * The scopes of a token that is valid now, otherwise `undefined`. For a handler that checks tokens itself; the
     * scope of the endpoint's `Operation` is checked before the handler is called.
     */
    readonly scopesOf: (token: Redacted.Redacted<string>) => Effect.Effect<ReadonlyArray<Scope.Scope> | undefined>
  }
>()("@privx-kit/simulator/SimulatorDomain/Environment") {}

/**
 * The services that a domain's layer may require.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements =
  | Environment
  | HttpRouter.HttpRouter
  | PrivxMiddleware
  | Etag.Generator
  | HttpPlatform.HttpPlatform
  | FileSystem.FileSystem
  | Path.Path

/**
 * A domain of the simulator. `Controls` are the services that its layer provides; `never` if it has none.
 *
 * @since 0.1.0
 * @category models
 */
export type SimulatorDomain<Controls = never> = Layer.Layer<Controls, SimulatorError, Requirements>

/**
 * The controls of some domains.
 *
 * @since 0.1.0
 * @category models
 */
export type ControlsOf<Domains extends ReadonlyArray<SimulatorDomain>> = Layer.Success<Domains[number]>
