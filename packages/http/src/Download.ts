/**
 * A response body that is streamed instead of read into memory.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ContentRange } from "./ContentRange.ts"
import type { Peer } from "./Peer.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import { TransportError } from "./TransportError.ts"

/**
 * A successful response whose body has not been read yet. `stream` can be run once, with back-pressure. It fails with a
 * `TransportError` if the body is cut short, stalls, is too slow, or is larger than allowed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Download {
  /** Name of the operation and the server's origin, for failures that occur while the body is read. */
  readonly operation: string
  readonly origin: string
  /** Time limit of the body, including resumptions if they are counted together. */
  readonly deadline: Duration.Duration
  /** HTTP status: 200. If the rest of a body was requested also 206, or 416 if there is no such rest. */
  readonly status: number
  /** The size of the complete body in bytes, if the server reports it; also for a part. */
  readonly total: number | undefined
  /** The announced length of this response in bytes (`Content-Length`), or `undefined` if there is none. */
  readonly contentLength: number | undefined
  /**
   * What delimits the body: the announced length, chunked encoding, or only the end of the connection. In the last case
   * a truncated body looks complete.
   */
  readonly delimitedBy: "length" | "chunks" | "connection"
  /** `Content-Type` as sent. */
  readonly contentType: string | undefined
  /**
   * The file name that the server suggests (`Content-Disposition`), without a directory. The kit itself never uses it.
   */
  readonly suggestedName: string | undefined
  /** The range of this part, if the response is partial. */
  readonly contentRange: ContentRange | undefined
  /** A strong `ETag`, as sent. With a weak one, or none, two responses may contain different bytes. */
  readonly strongETag: string | undefined
  /** `ETag` as sent, strong or weak. */
  readonly etag: string | undefined
  /** `Last-Modified` as sent. */
  readonly lastModified: string | undefined
  /** `Server` as sent. */
  readonly server: string | undefined
  /** The certificates that the server presented; `undefined` without TLS. */
  readonly peer: Peer | undefined
  readonly stream: Stream.Stream<Uint8Array, PrivxFailure>
  /**
   * Reads the same bytes without an effect for each chunk; use either this or `stream`. The `sink` returns when it has
   * processed a chunk, or returns a promise of that; the chunk's memory is reused afterwards. Meanwhile no other chunk
   * is delivered, and at most one is read from the socket. An exception of the sink ends the transfer; `onThrow`
   * converts it to the failure. When the effect ends, the sink is no longer running.
   */
  readonly consume: <E>(
    sink: (chunk: Uint8Array) => Promise<void> | void,
    onThrow: (cause: unknown) => E
  ) => Effect.Effect<void, PrivxFailure | E>
}

/**
 * Requests the rest of a body from this byte on, if it still has this strong ETag. Otherwise the server sends the whole body
 * (200).
 *
 * @since 0.1.0
 * @category models
 */
export interface Rest {
  /** The first requested byte, from 0. */
  readonly from: number
  readonly strongETag: string
}

/**
 * What a body fails with that is larger than allowed.
 *
 * **When to use**: where bytes are counted while a body is read, as {@link bounded} does.
 *
 * @example
 * ```ts
 * import * as Download from "@privx-kit/http/Download"
 *
 * export const { reason } = Download.tooLarge({ operation: "ueba.openSetupScript", origin: "https://privx.example.com" }, 100)
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const tooLarge = (
  { operation, origin }: Pick<Download, "operation" | "origin">,
  maxBytes: number
): TransportError =>
  new TransportError({ operation, origin, reason: "tooLarge", detail: `received more than ${maxBytes} bytes` })

/**
 * The bytes of a body that may have at most `maxBytes`.
 *
 * **Errors**: those of the body, and `TransportError` (`tooLarge`) as soon as more bytes come. What has come until then has been
 * passed on.
 *
 * @example
 * ```ts
 * import * as Download from "@privx-kit/http/Download"
 *
 * export const script = (answer: Download.Download) => Download.bounded(answer, 4 * 1024 * 1024)
 * ```
 *
 * @since 0.1.0
 * @category downloads
 */
export const bounded = (answer: Download, maxBytes: number): Stream.Stream<Uint8Array, PrivxFailure> =>
  Stream.suspend(() => {
    let bytes = 0
    return Stream.tap(answer.stream, (chunk) =>
      (bytes += chunk.byteLength) > maxBytes ? Effect.fail(tooLarge(answer, maxBytes)) : Effect.void
    )
  })
