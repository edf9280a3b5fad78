/**
 * Keeps playback connections authenticated for as long as they exist.
 *
 * PrivX does not document how long a re-authentication lasts. It is assumed to last as long as the token that it used,
 * so the schedule depends on the token's lifetime:
 *
 * - a connection is re-authenticated every third of that lifetime (`interval`);
 * - each time with a token that is valid for at least two thirds more, so the token is renewed in time;
 * - so at least a third is left for transient failures, which are retried until the token of the last success expires.
 *
 * Ten thousand sessions in one process are spread evenly: each has its own position within the interval, with a little
 * jitter, and calls that become due together are paced.
 *
 * @since 0.1.0
 */
import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "./internal/schedule.ts"
import { Playback } from "./Playback.ts"

/**
 * An event while a connection is kept alive.
 *
 * - `reauthenticated`: the connection is authenticated for the time `left`; the next call comes after `next`
 * - `failing`: a call had a transient failure; it is retried after `next`, and the keep-alive fails after `left`
 *
 * @since 0.1.0
 * @category models
 */
export type Event =
  | {
      readonly _tag: "reauthenticated"
      readonly count: number
      readonly next: Duration.Duration
      readonly left: Duration.Duration
    }
  | {
      readonly _tag: "failing"
      readonly failure: PrivxFailure
      readonly next: Duration.Duration
      readonly left: Duration.Duration
    }

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * When the first call is made. `now`: at once, which shows that access works. `spread`: at the session's position
   * within the interval, for many sessions that start together and have just been authenticated. Default `now`.
   */
  readonly first?: "now" | "spread" | undefined
  /**
   * Where an earlier process was: how many re-authentications it made, and for how long the last one still lasts. If nothing is left
   * of it, the first call may still take a third of a token's life. Default: the connection was authenticated just now.
   */
  readonly resumed?: { readonly count: number; readonly left: Duration.Duration } | undefined
  /** Called for each event. Default: nothing. */
  readonly onEvent?: ((event: Event) => Effect.Effect<void>) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface LayerOptions {
  /**
   * Assumed lifetime of a token whose lifetime is unknown, e.g. a static token. Default 5 minutes, as in the vendor's
   * reference.
   */
  readonly assumedLifetime?: Duration.Input | undefined
}

/**
 * The result of a keep-alive that ended by itself: PrivX responded with 404, because the session has ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ended {
  readonly reason: "sessionEnded"
  /** Number of successful re-authentications. */
  readonly count: number
}

/**
 * @since 0.1.0
 * @category services
 */
export class KeepAlive extends Context.Service<
  KeepAlive,
  {
    /** See {@link keepAlive}. */
    readonly keepAlive: (id: PlaybackSessionId, options?: Options) => Effect.Effect<Ended, PrivxFailure>
    /** Number of connections that are currently kept alive. */
    readonly active: Effect.Effect<number>
  }
>()("@privx-kit/playback/KeepAlive") {
  static readonly layer = (options: LayerOptions = {}): Layer.Layer<KeepAlive, never, Playback | TokenProvider> =>
    Layer.effect(
      KeepAlive,
      Effect.gen(function* () {
        const playback = yield* Playback
        const tokens = yield* TokenProvider
        const assumed = Duration.toMillis(Duration.fromInputUnsafe(options.assumedLifetime ?? "5 minutes"))
        const places = new Schedule.Places(yield* Random.next)
        const pacer = new Schedule.Pacer()
        let active = 0
        return KeepAlive.of({
          active: Effect.sync(() => active),
          keepAlive: (id, options = {}) =>
            Effect.acquireUseRelease(
              Effect.sync(() => void active++),
              () =>
                run({
                  playback,
                  tokens,
                  assumed,
                  place: places.next(),
                  pause: (now, lifetime) => pacer.wait(now, lifetime, active),
                  id,
                  options
                }),
              () => Effect.sync(() => void active--)
            )
        })
      })
    )
}

/**
 * Keeps a playback connection authenticated until its session ends. Run it in a fiber; interrupting the fiber, or
 * closing its scope, stops it.
 *
 * **When to use**: while a person watches a recording. For one call use `Playback.reauthenticate`.
 *
 * **Details**: requires the scope `user`. Refreshes the token in time. The interval is a third of a token's lifetime.
 *
 * **Gotchas**: it is assumed, not documented, that a re-authentication lasts as long as the token. The path of the
 * operation is unverified; with a wrong path PrivX responds with 404, and the keep-alive ends as if the session had
 * ended.
 *
 * **Errors**: fails at once on a 401 or 403 and on every other failure that is not transient; on a transient failure
 * only if it lasts until the token of the last success expires.
 *
 * @example
 * ```ts
 * import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
 * import * as KeepAlive from "@privx-kit/playback/KeepAlive"
 * import * as Effect from "effect/Effect"
 *
 * const watch = (id: PlaybackSessionId) =>
 *   Effect.gen(function* () {
 *     yield* Effect.forkScoped(KeepAlive.keepAlive(id))
 *     yield* Effect.log("play the recording")
 *   })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const keepAlive = (id: PlaybackSessionId, options?: Options): Effect.Effect<Ended, PrivxFailure, KeepAlive> =>
  Effect.flatMap(KeepAlive, (service) => service.keepAlive(id, options))

interface Job {
  readonly playback: Playback["Service"]
  readonly tokens: TokenProvider["Service"]
  readonly assumed: number
  readonly place: number
  /** How long to wait before a call, so that not all sessions call at once. */
  readonly pause: (now: number, lifetime: number) => number
  readonly id: PlaybackSessionId
  readonly options: Options
}

const run = Effect.fnUntraced(function* (job: Job): Effect.fn.Return<Ended, PrivxFailure> {
  const { onEvent = () => Effect.void } = job.options
  // The lifetime is known once there is a token. A failure of the login is reported by the first call.
  yield* Effect.ignore(job.tokens.renew(Duration.zero))
  let lifetime = yield* lifetimeOf(job)
  let start = yield* monotonic
  const { resumed } = job.options
  // Where nothing is known of it, the connection is taken for authenticated just now.
  let deadline =
    start + (resumed === undefined ? lifetime : Math.max(Duration.toMillis(resumed.left), Schedule.interval(lifetime)))
  let failures = 0
  let turn = 0
  if (job.options.first === "spread") {
    turn = 1
    yield* sleep(Schedule.due(lifetime, job.place, turn, yield* Random.next))
  }
  for (let count = resumed?.count ?? 0; ;) {
    const due = yield* monotonic
    yield* sleep(Math.min(job.pause(due, lifetime), Math.max(0, (deadline - due) / 2)))
    const called = yield* monotonic
    const outcome = yield* attempt(job, Math.max(1, deadline - called))
    if (outcome._tag === "Ended") return { reason: "sessionEnded", count }
    const now = yield* monotonic
    if (outcome._tag === "Passing") {
      const left = deadline - now
      if (left <= 0) return yield* outcome.failure
      const wait = Math.min(left, Schedule.backoff(lifetime, failures++, yield* Random.next))
      yield* onEvent({
        _tag: "failing",
        failure: outcome.failure,
        next: Duration.millis(wait),
        left: Duration.millis(left)
      })
      yield* sleep(wait)
      continue
    }
    count++
    failures = 0
    const held = yield* job.tokens.current
    const known = held?.lifetime === undefined ? job.assumed : Duration.toMillis(held.lifetime)
    // The token may be another one than that of the call, but never an older one.
    deadline = called + (held?.remaining === undefined ? known : Duration.toMillis(held.remaining))
    if (known !== lifetime) {
      // The schedule starts again, because its positions belong to the old interval.
      lifetime = known
      start = now
      turn = 0
    }
    do turn++
    while (start + Schedule.due(lifetime, job.place, turn, 1) <= now)
    const planned = Math.max(0, start + Schedule.due(lifetime, job.place, turn, yield* Random.next) - now)
    // If the token could not be renewed, the scheduled time may be too late.
    const next = Math.min(planned, Schedule.latest(lifetime, deadline - now))
    const left = Math.max(0, deadline - now)
    yield* onEvent({ _tag: "reauthenticated", count, next: Duration.millis(next), left: Duration.millis(left) })
    yield* sleep(next)
  }
})

type Outcome =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Ended" }
  | { readonly _tag: "Passing"; readonly failure: PrivxFailure }

const done: Outcome = { _tag: "Done" }

const attempt = (job: Job, timeout: number): Effect.Effect<Outcome, PrivxFailure> =>
  renewed(job).pipe(
    Effect.andThen(job.playback.reauthenticate(job.id)),
    Effect.as(done),
    Effect.timeoutOption(timeout),
    Effect.map(Option.getOrElse((): Outcome => ({ _tag: "Passing", failure: Schedule.tooLate }))),
    Effect.catch((failure): Effect.Effect<Outcome, PrivxFailure> =>
      isGone(failure)
        ? Effect.succeed({ _tag: "Ended" })
        : RetryPolicy.isTransient(failure)
          ? Effect.succeed({ _tag: "Passing", failure })
          : Effect.fail(failure)
    )
  )

/** If a renewal fails with a transient failure, the current token is used. */
const renewed = (job: Job): Effect.Effect<void, PrivxFailure> =>
  Effect.flatMap(lifetimeOf(job), (lifetime) =>
    Effect.catch(job.tokens.renew(Duration.millis(Schedule.needed(lifetime))), (failure) =>
      Effect.flatMap(job.tokens.current, (held) =>
        held !== undefined && RetryPolicy.isTransient(failure) ? Effect.void : Effect.fail(failure)
      )
    )
  )

const lifetimeOf = ({ assumed, tokens }: Job): Effect.Effect<number> =>
  Effect.map(tokens.current, (held) => (held?.lifetime === undefined ? assumed : Duration.toMillis(held.lifetime)))

/** A page of a gateway says nothing about the session. */
const isGone = (failure: PrivxFailure): boolean =>
  failure._tag !== "TransportError" &&
  failure._tag !== "OAuthError" &&
  failure.status === 404 &&
  !(failure._tag === "UnexpectedResponse" && failure.reason !== "empty") &&
  failure.operation === "Playback.reauthenticate"

const sleep = (millis: number) => Effect.sleep(Duration.millis(millis))

/** Monotonic: setting the clock does not change the schedule. */
const monotonic = Clock.clockWith((clock) => Effect.sync(() => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000))
