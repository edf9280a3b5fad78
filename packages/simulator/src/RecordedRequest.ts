/**
 * What the simulator was asked, and how it answered: for the assertions of tests.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Redacted from "effect/Redacted"
import type { Fault } from "./Fault.ts"

/**
 * One request. Nothing in it shows a secret when it is printed or written as JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedRequest {
  /** When its head had arrived. */
  readonly time: DateTime.Utc
  /** Name of the operation, e.g. `Ueba.createSession`; `undefined` where no endpoint answers. */
  readonly operation: string | undefined
  readonly method: string
  /** Path of the endpoint with its parameters unfilled, e.g. `/…/setup-script/:session_id`. */
  readonly template: string | undefined
  /** Path and query as they stood in the request line. Redacted, because a session id may stand in it. */
  readonly target: Redacted.Redacted<string>
  /** The headers, with names in lower case. The values of `authorization` and `cookie` are left out: `<redacted>`. */
  readonly headers: Readonly<Record<string, string>>
  /** The bearer token that was sent, if one was. */
  readonly token: Redacted.Redacted<string> | undefined
  /** Bytes of the request's body. */
  readonly bodyBytes: number
  /** Status that was answered; `undefined` when no head was sent, or not yet. */
  readonly status: number | undefined
  /** The fault that was played. */
  readonly fault: Fault | undefined
  /** Bytes of the answer's body that were handed to the network. */
  readonly sentBytes: number
}
