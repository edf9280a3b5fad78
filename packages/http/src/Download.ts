/**
 * A body that is read as it comes, not into memory.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { ContentRange } from "./ContentRange.ts"
import type { Peer } from "./Peer.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"

/**
 * The head has come and is a success. `stream` can be run once, with back-pressure; it fails with a `TransportError` when
 * the body is cut short, stalls or is larger than allowed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Download {
  /** Name of the operation, and the server's origin: for a failure that is found while the body is read. */
  readonly operation: string
  readonly origin: string
  /** How long all of the body may take; over resumptions too, where they are counted together. */
  readonly deadline: Duration.Duration
  /** HTTP status: 200, or 206 for the rest of a body. */
  readonly status: number
  /** Bytes that the server announced for this answer (`Content-Length`), or `undefined` where it announced none. */
  readonly contentLength: number | undefined
  /** `Content-Type` as sent. */
  readonly contentType: string | undefined
  /** The file name that the server suggests (`Content-Disposition`), without any folder; never used unasked. */
  readonly suggestedName: string | undefined
  /** Which part of the whole this is, when it is a part. */
  readonly contentRange: ContentRange | undefined
  /** A strong `ETag`, as sent; with a weak one, or none, two answers cannot be known to be of the same bytes. */
  readonly strongETag: string | undefined
  /** `ETag` as sent, a weak one too. */
  readonly etag: string | undefined
  /** `Last-Modified` as sent. */
  readonly lastModified: string | undefined
  /** `Server` as sent: what the server says that it is. */
  readonly server: string | undefined
  /** The certificates that the server showed; `undefined` without TLS. */
  readonly peer: Peer | undefined
  readonly stream: Stream.Stream<Uint8Array, PrivxFailure>
  /**
   * The same bytes without an effect for each chunk. The `sink` answers when it is done with a chunk, or with a promise of
   * that; the chunk's memory is used again afterwards. Meanwhile no other chunk comes, and no more than one is read from the
   * socket. Instead of `stream`, not beside it. What the sink throws ends the transfer; `onThrow` makes the failure of it.
   * However this ends, the sink is at rest then.
   */
  readonly consume: <E>(
    sink: (chunk: Uint8Array) => Promise<void> | void,
    onThrow: (cause: unknown) => E
  ) => Effect.Effect<void, PrivxFailure | E>
}

/**
 * Asks for the rest of a body: from this byte on, if it is still the one with this strong ETag. Otherwise the server sends
 * the whole (200).
 *
 * @since 0.1.0
 * @category models
 */
export interface Rest {
  /** The first byte that is wanted, from 0. */
  readonly from: number
  readonly strongETag: string
}
