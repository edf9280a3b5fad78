/**
 * A request that the simulator received, and its response, for assertions in tests.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Redacted from "effect/Redacted"
import type { Fault } from "./Fault.ts"

/**
 * A request. Secrets are redacted when it is printed or encoded as JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedRequest {
  /** Arrival time of its head. */
  readonly time: DateTime.Utc
  /** Name of the operation, e.g. `Ueba.createSession`; `undefined` if no endpoint has this path. */
  readonly operation: string | undefined
  readonly method: string
  /** Path of the endpoint with placeholders for its parameters, e.g. `/…/setup-script/:session_id`. */
  readonly template: string | undefined
  /** Path and query of the request line. Redacted, because they may contain a session id. */
  readonly target: Redacted.Redacted<string>
  /** The headers, with names in lower case. The values of `authorization` and `cookie` are `<redacted>`. */
  readonly headers: Readonly<Record<string, string>>
  /** The bearer token of the request, if it has one. */
  readonly token: Redacted.Redacted<string> | undefined
  /** Bytes of the request's body. */
  readonly bodyBytes: number
  /** Status of the response; `undefined` if no head has been sent. */
  readonly status: number | undefined
  /** The fault that occurred. */
  readonly fault: Fault | undefined
  /** Bytes of the response's body that were written to the network. */
  readonly sentBytes: number
}
