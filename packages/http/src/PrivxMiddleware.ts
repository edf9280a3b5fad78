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
 * @since 0.1.0
 * @category middleware
 */
export class PrivxMiddleware extends HttpApiMiddleware.Service<PrivxMiddleware, { clientError: PrivxFailure }>()(
  "@privx-kit/http/PrivxMiddleware",
  { requiredForClient: true }
) {}
