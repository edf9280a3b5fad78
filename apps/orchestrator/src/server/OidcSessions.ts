/** Sign-in through an issuer, if the server has one. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import { Oidc, type Options } from "./Oidc.ts"
import * as OidcSession from "./OidcSession.ts"

export interface SignIn {
  readonly oidc: Oidc["Service"]
  readonly sessions: Effect.Success<ReturnType<typeof OidcSession.make>>
}

export class OidcSessions extends Context.Service<
  OidcSessions,
  {
    /** `undefined` if people sign in only with tokens. */
    readonly signIn: SignIn | undefined
  }
>()("privx-kit/server/OidcSessions") {
  static readonly layer = (
    options: Options | undefined,
    lifetimes?: OidcSession.Lifetimes
  ): Layer.Layer<OidcSessions, SettingsError> =>
    options === undefined
      ? Layer.succeed(OidcSessions, { signIn: undefined })
      : Layer.effect(
          OidcSessions,
          Effect.gen(function* () {
            const oidc = yield* Oidc
            return { signIn: { oidc, sessions: yield* OidcSession.make(oidc, lifetimes) } }
          })
        ).pipe(Layer.provide(Oidc.layer(options)))
}

/**
 * Whether the page of this server sent the request. A form, an image or a script of another site cannot send the header,
 * and browsers report the origin of a request.
 */
export const isOfPage = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["x-privx-kit-page"] === "1" && (headers["sec-fetch-site"] ?? "same-origin") === "same-origin"

/** The session cookie; an empty value ends it. */
export const withCookie = (
  response: HttpServerResponse.HttpServerResponse,
  value: string
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setCookieUnsafe(response, OidcSession.cookieName, value, {
    path: "/",
    secure: true,
    httpOnly: true,
    sameSite: "strict",
    ...(value === "" ? { maxAge: 0 } : {})
  })
