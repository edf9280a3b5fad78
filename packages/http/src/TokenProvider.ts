/**
 * Where the transport gets its bearer token from: a fixed one, or an API client's credentials.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Connection } from "./Connection.ts"
import * as PasswordGrant from "./internal/passwordGrant.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"

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
      TokenProvider.of({ get: Effect.succeed(token), invalidate: () => Effect.void, refreshable: false })
    )

  /**
   * The password grant of an API client. The token is kept until shortly before its end; however many callers wait, one
   * request fetches it, and a failure is told to all of them.
   *
   * The grant fails like any operation, under the name `TokenProvider.get`: wrong credentials are what the server answers,
   * an `ApiError` or an `UnexpectedResponse` with status 400 or 401. Source: both official SDKs.
   */
  static readonly layerApiClient = (client: ApiClient): Layer.Layer<TokenProvider, never, Connection> =>
    Layer.effect(
      TokenProvider,
      Effect.gen(function* () {
        const connection = yield* Connection
        const scope = yield* Effect.scope
        const margin = Duration.toMillis(Duration.fromInputUnsafe(client.margin ?? "30 seconds"))
        let current: { readonly token: Redacted.Redacted<string>; readonly until: number } | undefined
        let fetching: Fiber.Fiber<Redacted.Redacted<string>, PrivxFailure> | undefined

        const fetch = Effect.gen(function* () {
          const clock = yield* Clock.Clock
          const asked = millis(clock)
          const grant = yield* PasswordGrant.fetch(connection, client)
          current = {
            token: grant.accessToken,
            // Counted from the asking: the way back must not make the token look younger than it is.
            until: asked + Math.max(grant.lifetime / 2, grant.lifetime - margin)
          }
          return grant.accessToken
        }).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              fetching = undefined
            })
          )
        )

        // The fetching outlives the caller who began it: others wait for it too.
        const get = Effect.suspend(() => {
          if (fetching !== undefined) return Fiber.join(fetching)
          return Effect.flatMap(Effect.forkIn(fetch, scope, { startImmediately: false }), (fiber) => {
            fetching = fiber
            return Fiber.join(fiber)
          })
        })

        return TokenProvider.of({
          get: Clock.clockWith((clock) =>
            current !== undefined && millis(clock) < current.until ? Effect.succeed(current.token) : get
          ),
          invalidate: (token) =>
            Effect.sync(() => {
              // Somebody else may have fetched a newer one meanwhile.
              if (current !== undefined && Redacted.value(current.token) === Redacted.value(token)) current = undefined
            }),
          refreshable: true
        })
      })
    )
}

/** Monotonic: setting the clock neither revives a token nor throws one away. */
const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
