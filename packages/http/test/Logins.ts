/** Shared parts of the login tests: a provider over a connection, and the responses of a token endpoint. */
import { Connection, type Options } from "@privx-kit/http/Connection"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

export const over = (
  baseUrl: URL,
  provider: Layer.Layer<TokenProvider, never, Connection>,
  options: Omit<Options, "baseUrl"> = {}
): Layer.Layer<Transport | TokenProvider> =>
  Transport.layer.pipe(
    Layer.provideMerge(provider),
    Layer.provide(Connection.layer({ baseUrl, ...options })),
    Layer.merge(Layer.succeed(RetryPolicy.RetryPolicy, TestApi.quick))
  )

/** The token that the provider would send, in plain text. */
export const token = Effect.flatMap(TokenProvider, (tokens) => Effect.map(tokens.get, Redacted.value))

/** Reports that the server has rejected this token. */
export const refuse = (token: string) =>
  Effect.flatMap(TokenProvider, (tokens) => tokens.invalidate(Redacted.make(token)))

/** A response of a token endpoint. */
export const tokens = (access: string, more: Readonly<Record<string, unknown>> = {}): WireServer.Answer =>
  WireServer.answer(200, JSON.stringify({ access_token: access, token_type: "Bearer", expires_in: 3600, ...more }))

export const path = (received: WireServer.Received | undefined): string =>
  (received?.line.split(" ")[1] ?? "").split("?")[0] ?? ""

export const query = (received: WireServer.Received | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams((received?.line.split(" ")[1] ?? "").split("?")[1]))

export const form = (received: WireServer.Received | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(received?.body))

/** The full output of a failure, to search for secrets. */
export const shown = (failure: Error & { readonly hint: string }): string =>
  [JSON.stringify(failure), String(failure), failure.message, failure.hint, failure.stack].join("\n")
