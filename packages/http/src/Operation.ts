/**
 * The annotation with which an endpoint tells the transport its name, whether it is safe to repeat, and which scope it
 * requires. Domain packages annotate their endpoints with it; the transport and the simulator read it.
 *
 * ```ts
 * HttpApiEndpoint.post("createSession", "/…").annotate(Operation, { name: "Ueba.createSession", safeToRepeat: true, authorization: { scope: "admin" } })
 * ```
 *
 * @since 0.1.0
 */
import type * as Scope from "@privx-kit/core/Scope"
import * as Context from "effect/Context"

/**
 * @since 0.1.0
 * @category models
 */
export interface Definition {
  /** The name of the public function, e.g. `Ueba.createSession`: span name, and `operation` of every failure. */
  readonly name: string
  /**
   * Whether a request may be sent again when it is unknown whether the server has processed it. If `false`, only
   * failures that prove that the request was not processed are retried.
   */
  readonly safeToRepeat: boolean
  /** The scope that the bearer token must carry, or `"none"` if the endpoint takes no token. */
  readonly authorization: { readonly scope: Scope.Scope } | "none"
}

/**
 * The annotation.
 *
 * @example
 * ```ts
 * import { Operation } from "@privx-kit/http/Operation"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 *
 * const list = HttpApiEndpoint.get("list", "/secrets").annotate(Operation, {
 *   name: "Secrets.list",
 *   safeToRepeat: true,
 *   authorization: { scope: "user" }
 * })
 * ```
 *
 * @since 0.1.0
 * @category annotations
 */
export class Operation extends Context.Service<Operation, Definition>()("@privx-kit/http/Operation") {}
