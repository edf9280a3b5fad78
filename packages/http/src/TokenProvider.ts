/**
 * The source of the transport's bearer token: a fixed token, an API client's credentials, or any `TokenSource`. The
 * modules `PrivxLogin`, `AuthorizationCode` and `TokenExchange` implement logins. This module implements what they
 * share: a token is cached until shortly before it expires, and concurrent callers share one login.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Connection } from "./Connection.ts"
import * as PasswordGrant from "./internal/passwordGrant.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as RetryScope from "./RetryScope.ts"
import type { ApiClient, Grant, Source } from "./TokenSource.ts"

/**
 * A cached token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Held {
  readonly token: Redacted.Redacted<string>
  /** Lifetime of the token, from its issue to its expiry; absent if the server does not report it. */
  readonly lifetime?: Duration.Duration
  /** Remaining lifetime. */
  readonly remaining?: Duration.Duration
}

/**
 * Provides the tokens of one account.
 *
 * @since 0.1.0
 * @category services
 */
export class TokenProvider extends Context.Service<
  TokenProvider,
  {
    /** Returns a token that is valid now, as far as the provider knows. */
    readonly get: Effect.Effect<Redacted.Redacted<string>, PrivxFailure>
    /** Returns the cached token if it is valid as far as the provider knows; sends no request. */
    readonly current: Effect.Effect<Held | undefined>
    /**
     * Ensures that the token of `get` stays valid for at least this long, if such a token can be fetched without a
     * person. Does nothing for a token of unknown lifetime.
     */
    readonly renew: (atLeast: Duration.Duration) => Effect.Effect<void, PrivxFailure>
    /** Invalidates a token that the server refused, so that `get` does not return it again. */
    readonly invalidate: (token: Redacted.Redacted<string>) => Effect.Effect<void>
    /** The scope of the last token, if the server reported one; sends no request. */
    readonly scope: Effect.Effect<string | undefined>
    /** Whether the provider can get another token after the server has refused one. */
    readonly refreshable: boolean
  }
>()("@privx-kit/http/TokenProvider") {
  /**
   * Makes a token provider from a token that the program already has.
   *
   * **When to use**: for a token that another program fetched, or in a test.
   *
   * **Details**: the token is used until the server refuses it. It is never refreshed: on a 401, the call fails.
   *
   * @example
   * ```ts
   * import { TokenProvider } from "@privx-kit/http/TokenProvider"
   * import * as Redacted from "effect/Redacted"
   *
   * const tokens = TokenProvider.layerStatic(Redacted.make("the token"))
   * ```
   */
  static readonly layerStatic = (token: Redacted.Redacted<string>): Layer.Layer<TokenProvider> =>
    Layer.succeed(
      TokenProvider,
      TokenProvider.of({
        get: Effect.succeed(token),
        current: Effect.succeed({ token }),
        renew: () => Effect.void,
        invalidate: () => Effect.void,
        scope: Effect.succeed(undefined),
        refreshable: false
      })
    )

  /**
   * Makes a token provider that logs in as an API client: the password grant, and the refresh grant if the server
   * issued a refresh token.
   *
   * **When to use**: in a program without a user, with an API client that was created in PrivX.
   *
   * **Details**: logs in when a call first needs a token. A login has the name `TokenProvider.get` in failures and spans.
   *
   * **Gotchas**: a refresh of an API client's token is not documented by PrivX, and nothing depends on it.
   *
   * **Errors**: `ApiError` or `UnexpectedResponse` with the status 400 or 401 for wrong credentials; its `hint` says which one to
   * check. Otherwise those of every operation.
   *
   * Source: both official SDKs.
   *
   * @example
   * ```ts
   * import { TokenProvider } from "@privx-kit/http/TokenProvider"
   * import * as Redacted from "effect/Redacted"
   *
   * const tokens = TokenProvider.layerApiClient({
   *   clientId: "my-client",
   *   clientSecret: Redacted.make("its secret"),
   *   oauthClientSecret: Redacted.make("the secret of the OAuth client")
   * })
   * ```
   */
  static readonly layerApiClient = (client: ApiClient): Layer.Layer<TokenProvider, never, Connection> =>
    Layer.effect(
      TokenProvider,
      Effect.flatMap(Connection, (connection) =>
        TokenProvider.make({ ...PasswordGrant.source(connection, client), margin: client.margin })
      )
    )

  /**
   * Makes a token provider from a custom login.
   *
   * **When to use**: to get tokens in another way, for example from a secret store.
   *
   * **Details**: concurrent calls share one login. Tokens are kept only in memory. Closing the scope interrupts a
   * running login.
   *
   * **Errors**: none of its own; calls fail with the failure of the login.
   *
   * @example
   * ```ts
   * import { TokenProvider } from "@privx-kit/http/TokenProvider"
   * import * as Effect from "effect/Effect"
   * import * as Layer from "effect/Layer"
   * import * as Redacted from "effect/Redacted"
   *
   * const tokens = Layer.effect(
   *   TokenProvider,
   *   TokenProvider.make({ login: Effect.succeed({ accessToken: Redacted.make("from the store") }) })
   * )
   * ```
   */
  static readonly make = (source: Source): Effect.Effect<TokenProvider["Service"], never, Scope.Scope> =>
    Effect.map(Effect.scope, (scope) => {
      const cache = new Cache(source)
      let flight: Deferred.Deferred<Redacted.Redacted<string>, PrivxFailure> | undefined

      // The login outlives the caller that started it, because others wait for it too. Each caller waits no longer than
      // the deadline of its own call.
      const join: Effect.Effect<Redacted.Redacted<string>, PrivxFailure> = Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          if (flight !== undefined) {
            // It may have failed because the call that started it had no time left; this call may have time.
            return restore(inTime(Effect.catchIf(Deferred.await(flight), isLate, (failure) => again(failure))))
          }
          const mine = Deferred.makeUnsafe<Redacted.Redacted<string>, PrivxFailure>()
          flight = mine
          return Effect.flatMap(Effect.forkIn(cache.fetch, scope), (fiber) => {
            // An observer, because a fiber that a closed scope never starts has no finalizers.
            fiber.addObserver((exit) => {
              flight = undefined
              Deferred.doneUnsafe(mine, exit)
            })
            return restore(inTime(Deferred.await(mine)))
          })
        })
      )

      const again = (failure: PrivxFailure) =>
        Effect.flatMap(RetryScope.Current, (call) => (call === undefined ? Effect.fail(failure) : join))

      return TokenProvider.of({
        get: Clock.clockWith((clock) => {
          const token = cache.valid(millis(clock))
          return token === undefined ? join : Effect.succeed(token)
        }),
        current: Clock.clockWith((clock) => Effect.sync(() => cache.held(millis(clock)))),
        renew: (atLeast) =>
          Clock.clockWith((clock) =>
            cache.lives(millis(clock), Duration.toMillis(atLeast)) ? Effect.void : Effect.asVoid(join)
          ),
        invalidate: (token) => Effect.sync(() => cache.forget(token)),
        scope: Effect.sync(() => cache.scope),
        refreshable: true
      })
    })
}

const isLate = (failure: PrivxFailure): boolean => failure._tag === "TransportError" && failure.reason === "deadline"

/** A call stops waiting for a login at the deadline of the call. */
const inTime = RetryScope.inTime("TokenProvider.get", "the login was not finished")

/** Assumed lifetime of a token if the server does not report one. */
const assumedLifetime = Duration.minutes(1)

/** The last token, and how to get the next one. */
class Cache {
  private readonly source: Source
  private readonly margin: number
  private current:
    | {
        readonly token: Redacted.Redacted<string>
        /** Time from which the token is no longer returned. */
        readonly until: number
        /** Its lifetime as reported by the server, and its expiry. */
        readonly life: { readonly millis: number; readonly end: number } | undefined
      }
    | undefined
  scope: string | undefined
  private refreshToken: Redacted.Redacted<string> | undefined
  private refreshes: "untried" | "accepted" | "refused" = "untried"

  constructor(source: Source) {
    this.source = source
    this.margin = Duration.toMillis(Duration.fromInputUnsafe(source.margin ?? "30 seconds"))
  }

  valid(now: number): Redacted.Redacted<string> | undefined {
    return this.current !== undefined && now < this.current.until ? this.current.token : undefined
  }

  held(now: number): Held | undefined {
    const token = this.valid(now)
    const life = this.current?.life
    if (token === undefined || life === undefined) return token === undefined ? undefined : { token }
    return { token, lifetime: Duration.millis(life.millis), remaining: Duration.millis(Math.max(0, life.end - now)) }
  }

  /** Whether the token stays valid that long, or no other token can be fetched without a person. */
  lives(now: number, atLeast: number): boolean {
    if (this.valid(now) === undefined) return false
    const life = this.current?.life
    if (life === undefined || life.end - now >= atLeast) return true
    return this.source.attended === true && this.refreshToken === undefined
  }

  forget(token: Redacted.Redacted<string>): void {
    // Another caller may have fetched a newer token meanwhile.
    if (this.current !== undefined && Redacted.value(this.current.token) === Redacted.value(token)) {
      this.current = undefined
    }
  }

  readonly fetch: Effect.Effect<Redacted.Redacted<string>, PrivxFailure> = Clock.clockWith((clock) => {
    const { refresh } = this.source
    const held = this.refreshToken
    if (refresh === undefined || held === undefined) return this.timed(clock, this.source.login, undefined)
    return Effect.catchIf(
      this.timed(clock, refresh(held), held),
      (failure) => this.isRefusal(failure),
      () => {
        this.refreshToken = undefined
        if (this.refreshes === "untried") this.refreshes = "refused"
        return this.timed(clock, this.source.login, undefined)
      }
    )
  })

  private timed(
    clock: Clock.Clock,
    request: Effect.Effect<Grant, PrivxFailure>,
    held: Redacted.Redacted<string> | undefined
  ): Effect.Effect<Redacted.Redacted<string>, PrivxFailure> {
    return Effect.suspend(() => {
      // Counted from the request, because the response may have taken long.
      const asked = millis(clock)
      return Effect.map(request, (grant) => {
        const lifetime = Duration.toMillis(
          grant.lifetime ?? (this.source.attended ? Duration.infinity : assumedLifetime)
        )
        this.current = {
          token: grant.accessToken,
          until: asked + Math.max(lifetime / 2, lifetime - this.margin),
          life:
            grant.lifetime === undefined || !Number.isFinite(lifetime)
              ? undefined
              : { millis: lifetime, end: asked + lifetime }
        }
        // A refresh response without a scope leaves the scope unchanged (RFC 6749, 6).
        this.scope = grant.scope ?? (held === undefined ? undefined : this.scope)
        if (held !== undefined) this.refreshes = "accepted"
        this.keep(grant.refreshToken ?? held)
        return grant.accessToken
      })
    })
  }

  /** If the server sends no new refresh token, the old one remains valid (RFC 6749, 6). */
  private keep(refreshToken: Redacted.Redacted<string> | undefined): void {
    // If a refresh never works, it would only add a failed request to each login and to the audit log.
    const isPointless = this.refreshes === "refused" && this.source.attended !== true
    this.refreshToken = isPointless ? undefined : refreshToken
  }

  /**
   * Whether a login should follow a failed refresh. If the server does not respond, it would not respond to a login
   * either.
   */
  private isRefusal(failure: PrivxFailure): boolean {
    if (failure._tag === "TransportError") return false
    return this.source.attended !== true || RetryPolicy.classify(failure) === "never"
  }
}

/** Monotonic: setting the clock neither revives nor expires a token. */
const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
