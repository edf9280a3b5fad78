/**
 * The interface between a domain's endpoints and the transport. A domain declares its `HttpApi` with this middleware. A
 * client of that API then requires the transport (see `Transport`); a server implements the middleware itself (the
 * simulator checks tokens and injects faults here).
 *
 * @since 0.1.0
 */
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import type { PrivxFailure } from "./PrivxFailure.ts"

/**
 * The middleware of every group of endpoints.
 *
 * @example
 * ```ts
 * import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
 * import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
 * import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
 *
 * const secrets = HttpApiGroup.make("secrets").add(HttpApiEndpoint.get("list", "/secrets")).middleware(PrivxMiddleware)
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export class PrivxMiddleware extends HttpApiMiddleware.Service<PrivxMiddleware, { clientError: PrivxFailure }>()(
  "@privx-kit/http/PrivxMiddleware",
  { requiredForClient: true }
) {}
