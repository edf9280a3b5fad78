/**
 * The session of a person in a browser: a sealed cookie. Every server with the client secret accepts it, and no server
 * has to store it. It ends after a time without requests, after some hours at the latest, and when the issuer no longer
 * knows the person or no longer assigns a role.
 */
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { EncryptJWT, jwtDecrypt } from "jose"
import * as crypto from "node:crypto"
import type { Oidc, Refusal, SignedIn } from "./Oidc.ts"
import { Role } from "./Role.ts"

export const cookieName = "__Host-privx-kit"

/** How long a session lasts. */
export interface Lifetimes {
  /** Maximum time without a request. */
  readonly idle: Duration.Duration
  /** Maximum time in total. */
  readonly absolute: Duration.Duration
  /** Total lifetime if the issuer gives no refresh token, because the role cannot be checked again. */
  readonly absoluteWithoutRefresh: Duration.Duration
  /** The interval of requests to the issuer. */
  readonly renewal: Duration.Duration
}

export const lifetimes: Lifetimes = {
  idle: Duration.minutes(30),
  absolute: Duration.hours(12),
  absoluteWithoutRefresh: Duration.hours(1),
  renewal: Duration.minutes(5)
}

const Content = Schema.Struct({
  name: Schema.String,
  displayName: Schema.String,
  role: Role,
  refreshToken: Schema.optionalKey(Schema.String),
  /** In milliseconds. */
  signedInAt: Schema.Number,
  renewedAt: Schema.Number
})

type Content = typeof Content.Type

const decode = Schema.decodeUnknownEffect(Content)

export interface Opened {
  readonly content: Content
  /** The new cookie. */
  readonly cookie: string
}

const sealed = { alg: "dir", enc: "A256GCM" } as const

/** Each purpose has a separate key. */
export const keyOf = (secret: Redacted.Redacted, purpose: string): Uint8Array =>
  new Uint8Array(crypto.hkdfSync("sha256", Redacted.value(secret), "privx-kit", purpose, 32))

export const make = Effect.fnUntraced(function* (oidc: Oidc["Service"], lasting: Lifetimes = lifetimes) {
  const key = keyOf(oidc.options.clientSecret, "session")

  const seal = (content: Content, now: number) =>
    Effect.promise(() => {
      const { absolute, absoluteWithoutRefresh, idle } = lasting
      const whole = content.refreshToken === undefined ? absoluteWithoutRefresh : absolute
      const end = Math.min(now + Duration.toMillis(idle), content.signedInAt + Duration.toMillis(whole))
      return new EncryptJWT({ ...content })
        .setProtectedHeader(sealed)
        .setExpirationTime(Math.floor(end / 1000))
        .encrypt(key)
    })

  // A page sends several requests at once, and a refresh token may be valid for one use only.
  const renewals = yield* Cache.make({
    capacity: 10_000,
    timeToLive: Duration.times(lasting.renewal, 0.2),
    lookup: (json: string): Effect.Effect<SignedIn, Refusal> => {
      const { displayName, name, refreshToken, role } = JSON.parse(json)
      return oidc.renew({ name, displayName, role }, refreshToken)
    }
  })

  return {
    /** The cookie of a person who has just signed in. */
    begin: Effect.fnUntraced(function* ({ person, refreshToken }: SignedIn) {
      const now = yield* Clock.currentTimeMillis
      const refresh = refreshToken === undefined ? {} : { refreshToken }
      return yield* seal({ ...person, ...refresh, signedInAt: now, renewedAt: now }, now)
    }),
    /** The session of a cookie; `undefined` if it has ended. */
    open: Effect.fnUntraced(function* (cookie: string): Effect.fn.Return<Opened | undefined> {
      const now = yield* Clock.currentTimeMillis
      const content = yield* Effect.tryPromise(() => jwtDecrypt(cookie, key, { currentDate: new Date(now) })).pipe(
        Effect.flatMap(({ payload }) => decode(payload)),
        Effect.orElseSucceed(() => undefined)
      )
      if (content === undefined) return undefined
      const { refreshToken } = content
      if (refreshToken === undefined || now - content.renewedAt < Duration.toMillis(lasting.renewal)) {
        return { content, cookie: yield* seal(content, now) }
      }
      const { displayName, name, role } = content
      const renewed = yield* Cache.get(renewals, JSON.stringify({ displayName, name, refreshToken, role })).pipe(
        Effect.map(({ person, refreshToken: next = refreshToken }) => ({
          ...content,
          ...person,
          refreshToken: next,
          renewedAt: now
        })),
        // While the issuer cannot be reached, the session continues until it expires.
        Effect.catchIf(
          (refusal) => refusal === "unavailable",
          () => Effect.succeed(content)
        ),
        Effect.orElseSucceed(() => undefined)
      )
      return renewed === undefined ? undefined : { content: renewed, cookie: yield* seal(renewed, now) }
    })
  }
})
