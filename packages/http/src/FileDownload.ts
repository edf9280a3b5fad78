/**
 * Downloads into files. The bytes are hashed as they arrive, an interrupted transfer resumes if that is safe, and a
 * file gets its name only when it is complete.
 *
 * @since 0.1.0
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { createHash, type Hash, randomUUID } from "node:crypto"
import * as path from "node:path"
import { type Download, type Rest, tooLarge } from "./Download.ts"
import * as DurableFile from "@privx-kit/files/DurableFile"
import type { PrivxFailure } from "./PrivxFailure.ts"
import { RetryObserver } from "./RetryObserver.ts"
import * as RetryScope from "./RetryScope.ts"
import { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly bytes: number
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly sha256: string
  /** The head of the response that started the file. */
  readonly head: Omit<Download, "consume" | "stream">
  /** How often the transfer resumed. */
  readonly resumed: number
}

/**
 * Requests the body or the rest of it: a function of `Endpoint.download` with its request filled in.
 *
 * @since 0.1.0
 * @category models
 */
export type Open = (rest?: Rest) => Effect.Effect<Download, PrivxFailure, Scope.Scope>

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Called for each chunk with the bytes so far and the announced total. It must return quickly. */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined
  /** The transfer fails with `TransportError` (`tooLarge`) when more bytes arrive. */
  readonly maxBytes?: number | undefined
  /**
   * Whether the length of the body must be known. A body that is delimited only by the end of the connection may be
   * incomplete, and then fails as `truncated`. Default `false`; `Received.head.delimitedBy` says what delimited the
   * body.
   */
  readonly requireKnownLength?: boolean | undefined
}

/**
 * Downloads into a file that is already open. The caller gives it its final name.
 *
 * **When to use**: to stream into your own store. Use {@link toFile} for a file at a path.
 *
 * **Details**: a broken transfer resumes if the server sent a strong ETag and still has the same bytes (`Range`, `If-Range`);
 * otherwise it starts again. The range, the total, the validator and the length of each part are compared with what was
 * requested, and a part that does not match is discarded. A transfer that makes progress gets all attempts of the policy
 * again, until the `downloadDeadline` of the connection.
 *
 * **Errors**: as the opening; `TransportError` if the body is cut short, stalls, takes too long or is too large; `StorageFailed` if the
 * disk is full or the file cannot be written.
 *
 * @example
 * ```ts
 * import * as DurableFile from "@privx-kit/files/DurableFile"
 * import * as FileDownload from "@privx-kit/http/FileDownload"
 * import * as Effect from "effect/Effect"
 *
 * const path = "/var/lib/example/.download.part"
 *
 * const store = (open: FileDownload.Open) =>
 *   Effect.gen(function* () {
 *     const file = yield* DurableFile.begin(path)
 *     const { sha256 } = yield* FileDownload.into(file, open, { path, maxBytes: 1024 * 1024 })
 *     yield* file.commit(`/var/lib/example/${sha256}`)
 *   }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 * @category downloads
 */
export const into = Effect.fn("FileDownload.into")(function* (
  file: DurableFile.Unfinished,
  open: Open,
  options: Options & { readonly path: string }
): Effect.fn.Return<Received, PrivxFailure | StorageFailed> {
  const state: State = {
    hash: createHash("sha256"),
    bytes: 0,
    total: undefined,
    head: undefined,
    resumed: 0,
    mayResume: true
  }
  return yield* RetryScope.share(rounds(file, open, options, state))
})

const rounds = Effect.fnUntraced(function* (
  file: DurableFile.Unfinished,
  open: Open,
  options: Options & { readonly path: string },
  state: State
): Effect.fn.Return<Received, PrivxFailure | StorageFailed> {
  const observe = yield* RetryObserver
  const scope = yield* RetryScope.Current
  for (let attempt = 1; ; attempt++) {
    const before = { bytes: state.bytes, resumed: state.resumed }
    const failure = yield* transfer(file, open, options, state).pipe(
      Effect.scoped,
      Effect.as(undefined),
      Effect.catchIf(isBrokenOff, (failure) => Effect.succeed(failure))
    )
    if (failure === undefined) break
    if (state.resumed > before.resumed && state.bytes > before.bytes) {
      attempt = 1
      scope?.progressed()
    }
    const delay = yield* RetryScope.next(failure)
    if (Option.isNone(delay)) return yield* failure
    yield* observe({ operation: failure.operation, attempt, failure, delay: delay.value })
    yield* Effect.sleep(delay.value)
  }
  const { bytes, hash, head, resumed } = state
  if (head === undefined) return yield* Effect.die("a transfer ended that never started")
  return { bytes, sha256: hash.digest("hex"), head, resumed }
})

/**
 * Downloads to a path.
 *
 * **Details**: the file is private to the user (mode 0600), forced to the disk, and appears under its name when it is
 * complete. A failure or an interruption leaves nothing behind.
 *
 * **Errors**: as {@link into}.
 *
 * @example
 * ```ts
 * import * as FileDownload from "@privx-kit/http/FileDownload"
 *
 * const download = (open: FileDownload.Open) => FileDownload.toFile("/tmp/privx-ueba-setup.sh", open)
 * ```
 *
 * @since 0.1.0
 * @category downloads
 */
export const toFile = Effect.fn("FileDownload.toFile")(function* (
  target: string,
  open: Open,
  options: Options & { readonly mode?: number | undefined } = {}
): Effect.fn.Return<Received, PrivxFailure | StorageFailed> {
  const final = path.resolve(target)
  const temporary = path.join(path.dirname(final), `.${path.basename(final)}.${randomUUID()}.part`)
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* DurableFile.begin(temporary, options.mode)
      const received = yield* into(file, open, { ...options, path: temporary })
      yield* file.commit(final)
      return received
    })
  )
})

interface State {
  hash: Hash
  bytes: number
  /** The size of the complete body, once a response has reported it. */
  total: number | undefined
  head: Received["head"] | undefined
  resumed: number
  /** `false` once the server has answered a range request with something else. */
  mayResume: boolean
}

const transfer = Effect.fnUntraced(function* (
  file: DurableFile.Unfinished,
  open: Open,
  options: Options & { readonly path: string },
  state: State
): Effect.fn.Return<void, PrivxFailure | StorageFailed, Scope.Scope> {
  const strongETag = state.mayResume ? state.head?.strongETag : undefined
  const rest = state.bytes > 0 && strongETag !== undefined ? { from: state.bytes, strongETag } : undefined
  const { consume, stream: _, ...head } = yield* open(rest)
  const failed = fromSystem(options.path)
  // The body is complete; only the end of the connection was missing.
  if (head.status === 416 && rest !== undefined && head.total === state.bytes && isSame(head, rest)) return
  if (head.status !== 200) {
    const objection =
      rest === undefined ? "a part of the body, although the complete body was requested" : whyNot(head, rest, state)
    if (objection !== undefined) {
      // The next round starts from zero: such a server sends only complete bodies.
      state.mayResume = false
      return yield* brokenOff(head, `when asked for the rest of the body, the server sent ${objection}`)
    }
  }
  if (head.status === 206) state.resumed++
  else {
    yield* Effect.try({ try: () => file.reset(), catch: failed })
    state.hash = createHash("sha256")
    state.bytes = 0
    state.head = head
  }
  state.total = head.total ?? (head.status === 206 ? state.total : undefined)
  const last = head.contentRange?.last
  const { maxBytes = Number.POSITIVE_INFINITY, onProgress } = options
  const total = head.contentLength === undefined ? undefined : state.bytes + head.contentLength
  const blocks = new Blocks(file)
  const flush = Effect.tryPromise({ try: () => blocks.flush(), catch: failed })
  yield* consume(
    (chunk) => {
      if (state.bytes + chunk.byteLength > maxBytes) throw new TooLarge()
      if (last !== undefined && state.bytes + chunk.byteLength > last + 1) throw new TooMuch()
      const writing = blocks.write(chunk)
      // Meanwhile another thread writes.
      state.hash.update(chunk)
      state.bytes += chunk.byteLength
      onProgress?.(state.bytes, total)
      return writing
    },
    (cause) => {
      if (cause instanceof TooLarge) {
        return tooLarge(head, maxBytes)
      }
      if (!(cause instanceof TooMuch)) return failed(cause)
      state.mayResume = false
      return brokenOff(head, "the server sent more bytes than the range that it announced")
    }
  ).pipe(Effect.tapError((failure) => (isBrokenOff(failure) ? flush : Effect.void)))
  yield* flush
  const expected = state.total ?? (last === undefined ? undefined : last + 1)
  if (expected !== undefined && state.bytes < expected) {
    return yield* brokenOff(head, `received ${state.bytes} of ${expected} bytes`)
  }
  if (options.requireKnownLength === true && head.delimitedBy === "connection" && state.total === undefined) {
    return yield* new TransportError({
      operation: head.operation,
      origin: head.origin,
      reason: "truncated",
      detail: "the server announced no length, so the body may be incomplete",
      advice:
        "Configure the server, or the gateway in front of it, to send Content-Length or chunked encoding; or accept bodies of unknown length."
    })
  }
})

const brokenOff = ({ operation, origin }: Received["head"], detail: string): TransportError =>
  new TransportError({ operation, origin, reason: "truncated", detail })

/** Writes large chunks directly and combines small ones, because each write is a round trip to another thread. */
class Blocks {
  private readonly file: DurableFile.Unfinished
  private block: Uint8Array | undefined
  private gathered = 0

  constructor(file: DurableFile.Unfinished) {
    this.file = file
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.gathered === 0 && chunk.byteLength >= worthWriting) return this.file.append(chunk)
    this.block ??= new Uint8Array(blockBytes)
    if (this.gathered + chunk.byteLength > this.block.byteLength) return this.flushBefore(chunk)
    this.block.set(chunk, this.gathered)
    this.gathered += chunk.byteLength
    return undefined
  }

  async flush(): Promise<void> {
    if (this.block === undefined || this.gathered === 0) return
    await this.file.append(this.block.subarray(0, this.gathered))
    this.gathered = 0
  }

  private async flushBefore(chunk: Uint8Array): Promise<void> {
    await this.flush()
    await this.write(chunk)
  }
}

const worthWriting = 64 * 1024
const blockBytes = 256 * 1024

class TooLarge extends Error {}

/** The range contained more or fewer bytes than it announced. */
class TooMuch extends Error {}

const isSame = (head: Received["head"], rest: Rest): boolean =>
  head.strongETag === undefined || head.strongETag === rest.strongETag

/** Why a response is not the rest of the file; `undefined` if it is. */
const whyNot = (head: Received["head"], rest: Rest, state: State): string | undefined => {
  if (head.status === 416) return `no part of it (416${head.total === undefined ? "" : `, it has ${head.total} bytes`})`
  const { contentLength, contentRange, strongETag, total } = head
  if (contentRange === undefined) return "an unspecified part (206 without Content-Range)"
  if (contentRange.first !== rest.from) return `bytes from ${contentRange.first} instead of ${rest.from}`
  // A server that honours If-Range repeats the ETag (RFC 9110, 15.3.7).
  if (strongETag !== rest.strongETag) return "a part of another version"
  if (total !== undefined && state.total !== undefined && total !== state.total) {
    return `a part of ${total} bytes, although the body had ${state.total} bytes before`
  }
  if (contentLength !== undefined && contentLength !== contentRange.last - contentRange.first + 1) {
    return "a part whose length differs from its range"
  }
  return undefined
}

/** Failures that another request can repair: the body was cut short. The transport retries failures before the head. */
const isBrokenOff = (failure: PrivxFailure | StorageFailed): failure is TransportError =>
  failure._tag === "TransportError" &&
  (failure.reason === "truncated" || failure.reason === "reset" || failure.reason === "timeout")
