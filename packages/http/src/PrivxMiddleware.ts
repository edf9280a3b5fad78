/**
 * The seam between a domain's endpoints and the transport. A domain declares its `HttpApi` with this middleware; the
 * client of that api then demands the transport (see `Transport`), and a server of it brings its own (the simulator
 * checks tokens and plays faults here).
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
