/** Reads the answer of a token endpoint (RFC 6749, 5.1). */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { PrivxFailure } from "../PrivxFailure.ts"
import * as ResponseFailure from "../ResponseFailure.ts"
import type { Grant } from "../TokenProvider.ts"
import * as Json from "./json.ts"

/** What can stand in a header: visible ASCII, and the space that the standard allows. */
const token = Schema.String.check(Schema.isPattern(/^[\x20-\x7e]+$/))

const seconds = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

const TokenResponse = Schema.Struct({
  access_token: token,
  // Tokens of these types are of no use without a proof of possession; any other name is taken for a bearer token.
  token_type: Schema.optionalKey(Schema.NullOr(Schema.String.check(Schema.isPattern(/^(?!(dpop|mac|pop)$)/i)))),
  // Some servers write the number as a text.
  expires_in: Schema.optionalKey(
    Schema.NullOr(Schema.Union([seconds, Schema.String.check(Schema.isPattern(/^\d{1,15}$/))]))
  ),
  // Go servers write what they do not have as an empty text.
  refresh_token: Schema.optionalKey(Schema.NullOr(Schema.String)),
  // Only shown to people: a server that writes it otherwise shall not cost the login.
  scope: Schema.optionalKey(Schema.Unknown)
})

const decode = Schema.decodeUnknownOption(TokenResponse)

/** A server that promises longer is believed until it refuses the token. */
const longest = Duration.days(365)

/** The tokens of an answer, or an `UnexpectedResponse` that does not quote it. */
export const read = (answer: ResponseFailure.Answer): Effect.Effect<Grant, PrivxFailure> =>
  Option.match(decode(Json.parse(new TextDecoder().decode(answer.body))?.value), {
    onNone: () => Effect.fail(ResponseFailure.unusableSuccess(answer)),
    onSome: ({ access_token, expires_in, refresh_token, scope }) =>
      Effect.succeed({
        accessToken: Redacted.make(access_token, { label: "access token" }),
        lifetime:
          expires_in === undefined || expires_in === null
            ? undefined
            : Duration.min(Duration.seconds(Number(expires_in)), longest),
        scope: typeof scope === "string" && scope !== "" ? scope : undefined,
        refreshToken:
          refresh_token === undefined || refresh_token === null || refresh_token === ""
            ? undefined
            : Redacted.make(refresh_token, { label: "refresh token" })
      })
  })
