/**
 * A body that is read as it comes, not into memory.
 *
 * @since 0.1.0
 */
import type * as Stream from "effect/Stream"
import type { PrivxFailure } from "./PrivxFailure.ts"

/**
 * The head has come and is a success. `stream` can be run once, with back-pressure; it fails with a `TransportError` when
 * the body is cut short, stalls or is larger than allowed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Download {
  /** HTTP status: 200. */
  readonly status: number
  /** Bytes that the server announced (`Content-Length`), or `undefined` where it announced none. */
  readonly contentLength: number | undefined
  /** `Content-Type` as sent. */
  readonly contentType: string | undefined
  readonly stream: Stream.Stream<Uint8Array, PrivxFailure>
}
