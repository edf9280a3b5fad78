/** Parses the response of a token endpoint (RFC 6749, 5.1). */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { PrivxFailure } from "../PrivxFailure.ts"
import * as ResponseFailure from "../ResponseFailure.ts"
import type { Grant } from "../TokenSource.ts"
import * as Json from "./json.ts"

/** Characters that a header may contain: visible ASCII, and the space that the standard allows. */
const token = Schema.String.check(Schema.isPattern(/^[\x20-\x7e]+$/))

const TokenResponse = Schema.Struct({
  access_token: token,
  // Tokens of these types require a proof of possession; any other type is treated as a bearer token.
  token_type: Schema.optionalKey(Schema.NullOr(Schema.String.check(Schema.isPattern(/^(?!(dpop|mac|pop)$)/i)))),
  // Some servers send the number as a string, with a fraction, or as -1 for "unknown".
  expires_in: Schema.optionalKey(
    Schema.NullOr(
      Schema.Union([Schema.Finite, Schema.String.check(Schema.isPattern(/^(?:-?\d{1,15}(?:\.\d{0,15})?)?$/))])
    )
  ),
  // Go servers send an empty string for a missing value.
  refresh_token: Schema.optionalKey(Schema.NullOr(Schema.String)),
  // Only shown to people: a malformed value must not fail the login.
  scope: Schema.optionalKey(Schema.Unknown)
})

const decode = Schema.decodeUnknownOption(TokenResponse)

/** A longer lifetime is shortened to this. */
const longest = Duration.days(365)

/** A negative number or an empty string means unknown: the provider then assumes a short lifetime. */
const lifetimeOf = (expiresIn: number | string | null | undefined): Duration.Duration | undefined => {
  if (expiresIn === undefined || expiresIn === null || expiresIn === "") return undefined
  const seconds = Number(expiresIn)
  return seconds < 0 ? undefined : Duration.min(Duration.seconds(seconds), longest)
}

/** The tokens of a response, or an `UnexpectedResponse` that does not quote the response. */
export const read = (answer: ResponseFailure.Answer): Effect.Effect<Grant, PrivxFailure> =>
  Option.match(decode(Json.parse(new TextDecoder().decode(answer.body))?.value), {
    onNone: () => Effect.fail(ResponseFailure.unusableSuccess(answer)),
    onSome: ({ access_token, expires_in, refresh_token, scope }) =>
      Effect.succeed({
        accessToken: Redacted.make(access_token, { label: "access token" }),
        lifetime: lifetimeOf(expires_in),
        scope: typeof scope === "string" && scope !== "" ? scope : undefined,
        refreshToken:
          refresh_token === undefined || refresh_token === null || refresh_token === ""
            ? undefined
            : Redacted.make(refresh_token, { label: "refresh token" })
      })
  })
