import * as AuthorizationCode from "@privx-kit/http/AuthorizationCode"
import * as ClientCredentials from "@privx-kit/http/ClientCredentials"
import type { Connection } from "@privx-kit/http/Connection"
import * as Logout from "@privx-kit/http/Logout"
import type { OAuthError } from "@privx-kit/http/OAuthError"
import * as PrivxLogin from "@privx-kit/http/PrivxLogin"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as TokenExchange from "@privx-kit/http/TokenExchange"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { expectTypeOf } from "vitest"

// Every way to log in gives the same service; what goes to PrivX itself goes over the connection to it.
expectTypeOf(TokenProvider.layerStatic).returns.toEqualTypeOf<Layer.Layer<TokenProvider>>()
expectTypeOf(TokenProvider.layerApiClient).returns.toEqualTypeOf<Layer.Layer<TokenProvider, never, Connection>>()
expectTypeOf(PrivxLogin.layer).returns.toEqualTypeOf<Layer.Layer<TokenProvider, never, Connection>>()
expectTypeOf(ClientCredentials.layer).returns.toEqualTypeOf<Layer.Layer<TokenProvider, never, Connection>>()
expectTypeOf(TokenExchange.layer).returns.toEqualTypeOf<Layer.Layer<TokenProvider, never, Connection>>()

// The authorization server can be another one: it has a connection of its own.
expectTypeOf(AuthorizationCode.layer).returns.toEqualTypeOf<Layer.Layer<TokenProvider>>()

expectTypeOf(TokenProvider.make).returns.toEqualTypeOf<Effect.Effect<TokenProvider["Service"], never, Scope.Scope>>()
expectTypeOf<TokenProvider["Service"]["get"]>().toEqualTypeOf<Effect.Effect<Redacted.Redacted<string>, PrivxFailure>>()

expectTypeOf<TokenProvider["Service"]["renew"]>().toEqualTypeOf<
  (atLeast: Duration.Duration) => Effect.Effect<void, PrivxFailure>
>()
expectTypeOf(Logout.logout()).toEqualTypeOf<Effect.Effect<void, PrivxFailure, Connection | TokenProvider>>()

// A refused login is one of the failures, with its code.
expectTypeOf<Extract<PrivxFailure, { readonly _tag: "OAuthError" }>>().toEqualTypeOf<OAuthError>()
expectTypeOf<OAuthError["code"]>().toEqualTypeOf<string>()

// @ts-expect-error -- a secret in the clear
ClientCredentials.layer({ clientId: "c", clientSecret: "s" })

// @ts-expect-error -- a password in the clear
PrivxLogin.layer({ username: "anna", password: "p" })

// @ts-expect-error -- a token in the clear
TokenExchange.layer({ token: "t" })

// @ts-expect-error -- a function must show the URL to the user
AuthorizationCode.layer({ authorizationUrl: new URL("https://h"), tokenUrl: new URL("https://h"), clientId: "c" })
