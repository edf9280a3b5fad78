/**
 * A download into a file: hashed on the way, resumed where that is safe, whole under its name or not there at all.
 *
 * @since 0.1.0
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { createHash, type Hash, randomUUID } from "node:crypto"
import * as path from "node:path"
import type { Download, Rest } from "./Download.ts"
import * as DurableFile from "./DurableFile.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import { RetryObserver } from "./RetryObserver.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import { TransportError } from "./TransportError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly bytes: number
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly sha256: string
  /** The head of the answer that began the file. */
  readonly head: Omit<Download, "consume" | "stream">
  /** How often the transfer went on where it had broken off. */
  readonly resumed: number
}

/**
 * Asks for the body, or for the rest of it: what `Endpoint.download` gives, with its request filled in.
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
  /** Told of each chunk that comes, with the bytes so far and those announced; must be quick. */
  readonly onProgress?: ((bytes: number, total: number | undefined) => void) | undefined
  /** More bytes than this end the transfer, and fail as `tooLarge`. */
  readonly maxBytes?: number | undefined
}

/**
 * Downloads into a file that already has been begun; giving it its name is left to the caller.
 *
 * A transfer that breaks off goes on where it was when the server gave a strong ETag and still has the same bytes
 * (`Range`, `If-Range`), and begins again otherwise, by the policy in force; a transfer that gets on does not use up its
 * attempts, until the deadline of the download has passed.
 *
 * Fails like the opening; with `StorageFailed` when the disk is full or the file cannot be written.
 *
 * @since 0.1.0
 * @category downloads
 */
export const into = Effect.fn("FileDownload.into")(function* (
  file: DurableFile.Unfinished,
  open: Open,
  options: Options & { readonly path: string }
): Effect.fn.Return<Received, PrivxFailure | StorageFailed> {
  const policy = yield* RetryPolicy.RetryPolicy
  const observe = yield* RetryObserver
  const state: State = { hash: createHash("sha256"), bytes: 0, head: undefined, resumed: 0 }
  const clock = yield* Clock.Clock
  const begun = clock.monotonicTimeNanosUnsafe()
  for (let attempt = 1; ; attempt++) {
    const before = { bytes: state.bytes, resumed: state.resumed }
    const failure = yield* transfer(file, open, options, state).pipe(
      Effect.scoped,
      Effect.as(undefined),
      Effect.catchIf(isBrokenOff, (failure) => Effect.succeed(failure))
    )
    if (failure === undefined) break
    if (state.resumed > before.resumed && state.bytes > before.bytes) attempt = 1
    const taken = Duration.nanos(clock.monotonicTimeNanosUnsafe() - begun)
    const isLate = state.head !== undefined && Duration.isGreaterThanOrEqualTo(taken, state.head.deadline)
    if (attempt >= policy.attempts || isLate) return yield* failure
    const delay = RetryPolicy.delay(policy, attempt, failure, yield* Random.next)
    yield* observe({ operation: failure.operation, attempt, failure, delay })
    yield* Effect.sleep(delay)
  }
  const { bytes, hash, head, resumed } = state
  if (head === undefined) return yield* Effect.die("a transfer ended that never began")
  return { bytes, sha256: hash.digest("hex"), head, resumed }
})

/**
 * Downloads to a path. The file is private to the user, forced to the disk, and appears under its name when it is whole;
 * after a failure or an interruption nothing is left.
 *
 * Fails like {@link into}.
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
  head: Received["head"] | undefined
  resumed: number
}

const transfer = Effect.fnUntraced(function* (
  file: DurableFile.Unfinished,
  open: Open,
  options: Options & { readonly path: string },
  state: State
): Effect.fn.Return<void, PrivxFailure | StorageFailed, Scope.Scope> {
  const strongETag = state.head?.strongETag
  const rest = state.bytes > 0 && strongETag !== undefined ? { from: state.bytes, strongETag } : undefined
  const { consume, stream: _, ...head } = yield* open(rest)
  const failed = fromSystem(options.path)
  if (head.status === 206 && !continues(head, rest)) {
    return yield* new TransportError({
      operation: head.operation,
      origin: head.origin,
      reason: "protocol",
      detail: "the server sent another part of the body than was asked for"
    })
  }
  if (continues(head, rest)) state.resumed++
  else {
    yield* Effect.try({ try: () => file.reset(), catch: failed })
    state.hash = createHash("sha256")
    state.bytes = 0
    state.head = head
  }
  const { maxBytes = Number.POSITIVE_INFINITY, onProgress } = options
  const total = head.contentLength === undefined ? undefined : state.bytes + head.contentLength
  const blocks = new Blocks(file)
  const flush = Effect.tryPromise({ try: () => blocks.flush(), catch: failed })
  yield* consume(
    (chunk) => {
      if (state.bytes + chunk.byteLength > maxBytes) throw new TooLarge(maxBytes)
      const writing = blocks.write(chunk)
      // While another thread writes.
      state.hash.update(chunk)
      state.bytes += chunk.byteLength
      onProgress?.(state.bytes, total)
      return writing
    },
    (cause) =>
      cause instanceof TooLarge
        ? new StorageFailed({ path: options.path, reason: "tooLarge", detail: cause.message })
        : failed(cause)
  ).pipe(Effect.tapError((failure) => (isBrokenOff(failure) ? flush : Effect.void)))
  yield* flush
})

/** Writes large pieces as they are and gathers small ones, because each write is a trip to another thread. */
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

class TooLarge extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes came`)
  }
}

/** Only what begins exactly where the file ends may be added to it. */
const continues = (head: Received["head"], rest: Rest | undefined): boolean =>
  rest !== undefined &&
  head.status === 206 &&
  head.contentRange?.first === rest.from &&
  (head.strongETag === undefined || head.strongETag === rest.strongETag)

/** What a further request can mend: the body broke off. Whatever comes before the head was retried by the transport. */
const isBrokenOff = (failure: PrivxFailure | StorageFailed): failure is TransportError =>
  failure._tag === "TransportError" &&
  (failure.reason === "truncated" || failure.reason === "reset" || failure.reason === "timeout")
