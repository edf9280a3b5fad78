/**
 * Where the transport gets its bearer token from: a fixed one, an API client's credentials, or any {@link Source} of tokens.
 * What a login does on the wire is in the modules `PrivxLogin`, `AuthorizationCode` and `TokenExchange`; here is what they
 * share: a token is kept until shortly before its end, and however many callers wait, one request fetches it.
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

/**
 * The credentials of an API client, as PrivX shows them when one is made.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiClient {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /** Default: `privx-external`. Source: both official SDKs. */
  readonly oauthClientId?: string | undefined
  readonly oauthClientSecret: Redacted.Redacted<string>
  /** Default: `/auth/api/v1/oauth/token`. Source: both official SDKs. */
  readonly tokenPath?: `/${string}` | undefined
  /** How long before its end a token is no longer used. Default 30 s, and never more than half of the token's life. */
  readonly margin?: Duration.Input | undefined
}

/**
 * What a login gives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Grant {
  readonly accessToken: Redacted.Redacted<string>
  /** How long the token lives, where the server says so. */
  readonly lifetime?: Duration.Duration | undefined
  /** What the token may be used for, in the words of the server (OAuth `scope`), where it says so. */
  readonly scope?: string | undefined
  /** What another token can be had for without a login. */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
}

/**
 * How tokens are got. Failures are reported under the operation `TokenProvider.get`; a source retries by itself what can be
 * retried, and the transport does not retry it once more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  readonly login: Effect.Effect<Grant, PrivxFailure>
  /** Tried in the place of a login while there is a refresh token. */
  readonly refresh?: ((refreshToken: Redacted.Redacted<string>) => Effect.Effect<Grant, PrivxFailure>) | undefined
  /**
   * Whether a login takes a person's attention. Then a refresh that fails for a passing reason is a failure, not a reason to
   * log in again, and a token whose life the server does not tell is used until it is refused. Default `false`: then any
   * answer to the refresh but a token leads to a login, and such a token is used for 30 s.
   */
  readonly attended?: boolean | undefined
  /** How long before its end a token is no longer used. Default 30 s, and never more than half of the token's life. */
  readonly margin?: Duration.Input | undefined
}

/**
 * @since 0.1.0
 * @category services
 */
export class TokenProvider extends Context.Service<
  TokenProvider,
  {
    /** A token that is valid now, as far as is known here. */
    readonly get: Effect.Effect<Redacted.Redacted<string>, PrivxFailure>
    /** Says that the server refused this token, so that `get` does not hand it out again. */
    readonly invalidate: (token: Redacted.Redacted<string>) => Effect.Effect<void>
    /** The scope of the last token, where the server told one with it; asks for nothing. */
    readonly scope: Effect.Effect<string | undefined>
    /** Whether another token can be had after the server has refused one. */
    readonly refreshable: boolean
  }
>()("@privx-kit/http/TokenProvider") {
  /**
   * One token that somebody else has got.
   */
  static readonly layerStatic = (token: Redacted.Redacted<string>): Layer.Layer<TokenProvider> =>
    Layer.succeed(
      TokenProvider,
      TokenProvider.of({
        get: Effect.succeed(token),
        invalidate: () => Effect.void,
        scope: Effect.succeed(undefined),
        refreshable: false
      })
    )

  /**
   * The password grant of an API client, and the refresh grant where the server gave a refresh token.
   *
   * The grant fails like any operation, under the name `TokenProvider.get`: wrong credentials are what the server answers,
   * an `ApiError` or an `UnexpectedResponse` with status 400 or 401, whose `hint` says which credential to check. Source:
   * both official SDKs; that PrivX refreshes the token of an API client is not documented, and nothing depends on it.
   */
  static readonly layerApiClient = (client: ApiClient): Layer.Layer<TokenProvider, never, Connection> =>
    Layer.effect(
      TokenProvider,
      Effect.flatMap(Connection, (connection) =>
        TokenProvider.make({ ...PasswordGrant.source(connection, client), margin: client.margin })
      )
    )

  /**
   * A provider of one's own. Tokens live in memory only, and the fetching of one ends with the scope.
   */
  static readonly make = (source: Source): Effect.Effect<TokenProvider["Service"], never, Scope.Scope> =>
    Effect.map(Effect.scope, (scope) => {
      const cache = new Cache(source)
      let flight: Deferred.Deferred<Redacted.Redacted<string>, PrivxFailure> | undefined

      // The fetching outlives the caller who began it: others wait for it too.
      const join = Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          if (flight !== undefined) return restore(Deferred.await(flight))
          const mine = Deferred.makeUnsafe<Redacted.Redacted<string>, PrivxFailure>()
          flight = mine
          return Effect.flatMap(Effect.forkIn(cache.fetch, scope), (fiber) => {
            // An observer, because a fiber that a closed scope never starts has no finalizers.
            fiber.addObserver((exit) => {
              flight = undefined
              Deferred.doneUnsafe(mine, exit)
            })
            return restore(Deferred.await(mine))
          })
        })
      )

      return TokenProvider.of({
        get: Clock.clockWith((clock) => {
          const token = cache.valid(millis(clock))
          return token === undefined ? join : Effect.succeed(token)
        }),
        invalidate: (token) => Effect.sync(() => cache.forget(token)),
        scope: Effect.sync(() => cache.scope),
        refreshable: true
      })
    })
}

/** How long a token counts as alive when the server does not say. */
const assumedLifetime = Duration.minutes(1)

/** The last token, and the way to the next one. */
class Cache {
  private readonly source: Source
  private readonly margin: number
  private current: { readonly token: Redacted.Redacted<string>; readonly until: number } | undefined
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

  forget(token: Redacted.Redacted<string>): void {
    // Somebody else may have fetched a newer one meanwhile.
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
      // Counted from the asking: the way back must not make the token look younger than it is.
      const asked = millis(clock)
      return Effect.map(request, (grant) => {
        const lifetime = Duration.toMillis(
          grant.lifetime ?? (this.source.attended ? Duration.infinity : assumedLifetime)
        )
        this.current = {
          token: grant.accessToken,
          until: asked + Math.max(lifetime / 2, lifetime - this.margin)
        }
        // A refresh that tells no scope leaves it as it was (RFC 6749, 6).
        this.scope = grant.scope ?? (held === undefined ? undefined : this.scope)
        if (held !== undefined) this.refreshes = "accepted"
        this.keep(grant.refreshToken ?? held)
        return grant.accessToken
      })
    })
  }

  /** A server that sends no new refresh token lets the old one stand (RFC 6749, 6). */
  private keep(refreshToken: Redacted.Redacted<string> | undefined): void {
    // Where refreshing never worked, it would only put a failed request before each login, and into the audit log.
    const isPointless = this.refreshes === "refused" && this.source.attended !== true
    this.refreshToken = isPointless ? undefined : refreshToken
  }

  /** Whether a login is the answer to a refresh that failed so. Where nothing answers, a login would not be answered either. */
  private isRefusal(failure: PrivxFailure): boolean {
    if (failure._tag === "TransportError") return false
    return this.source.attended !== true || RetryPolicy.classify(failure) === "never"
  }
}

/** Monotonic: setting the clock neither revives a token nor throws one away. */
const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
