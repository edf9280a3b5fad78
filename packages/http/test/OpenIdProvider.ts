/** A real OpenID provider (`oidc-provider`) on a real socket, and a minimal browser in which a user logs in. */
import { CookieJar } from "@privx-kit/http/CookieJar"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { generateKeyPairSync } from "node:crypto"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { type Adapter, type AdapterPayload, type ClientMetadata, Provider } from "oidc-provider"

/** Contains characters that a client must encode for HTTP Basic. */
export const clientSecret = "s:e%c r+et/=&"

const native = (client: ClientMetadata): ClientMetadata => ({
  ...client,
  application_type: "native",
  grant_types: ["authorization_code", "refresh_token"],
  id_token_signed_response_alg: "ES256"
})

const clients = [
  native({
    client_id: "public",
    token_endpoint_auth_method: "none",
    redirect_uris: ["http://127.0.0.1/callback"]
  }),
  native({
    client_id: "confidential+client",
    client_secret: clientSecret,
    token_endpoint_auth_method: "client_secret_basic",
    redirect_uris: ["http://127.0.0.1/other/path"]
  })
]

export interface OpenIdProvider {
  readonly issuer: string
  readonly authorizationUrl: URL
  readonly tokenUrl: URL
  /** The grants that were requested from the token endpoint, in order. */
  readonly grants: ReadonlyArray<string>
  /** The user to whom an access token belongs, according to the provider. */
  readonly userOf: (token: string) => Effect.Effect<string | undefined>
  /** Revokes everything that was granted. */
  readonly revokeAll: Effect.Effect<void>
}

/** The user anna logs in and grants everything, or cancels. */
export const make = (options: { readonly cancels?: boolean } = {}): Effect.Effect<OpenIdProvider, never, Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => http.createServer()),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const issuer = yield* Effect.callback<string>((resume) => {
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
      )
    })

    const provider = new Provider(issuer, {
      adapter: inMemory(),
      clients,
      cookies: { keys: ["a key of this test"] },
      features: { devInteractions: { enabled: false } },
      findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      jwks: { keys: [generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" })] },
      ttl: {
        AccessToken: 600,
        AuthorizationCode: 60,
        Grant: 600,
        IdToken: 600,
        Interaction: 600,
        RefreshToken: 600,
        Session: 600
      }
    })

    const grants: Array<string> = []
    const granted = new Set<string>()
    provider.on("grant.success", ({ oidc }) => {
      grants.push(String(oidc.params?.grant_type))
      if (oidc.entities.Grant !== undefined) granted.add(oidc.entities.Grant.jti)
    })
    provider.on("grant.error", ({ oidc }) => void grants.push(`${String(oidc.params?.grant_type)} refused`))

    const answer = provider.callback()
    server.on("request", (request, response) => {
      if (request.url?.startsWith("/interaction/") !== true) return void answer(request, response)
      void decide(provider, request, response, options.cancels === true)
    })

    return {
      issuer,
      authorizationUrl: new URL("/auth", issuer),
      tokenUrl: new URL("/token", issuer),
      grants,
      userOf: (token) =>
        Effect.promise(async () => {
          const answer = await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${token}` } })
          return answer.ok ? ((await answer.json()) as { readonly sub: string }).sub : undefined
        }),
      revokeAll: Effect.promise(async () => {
        for (const id of granted) await (await provider.Grant.find(id))?.destroy()
      })
    }
  })

const decide = async (
  provider: Provider,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  cancels: boolean
): Promise<void> => {
  const finish = (result: Parameters<Provider["interactionFinished"]>[2]) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  const { params, prompt, session } = await provider.interactionDetails(request, response)
  if (cancels) return finish({ error: "access_denied", error_description: "the user has cancelled" })
  if (prompt.name === "login") return finish({ login: { accountId: "anna" } })
  const grant = new provider.Grant({ accountId: session?.accountId ?? "", clientId: String(params.client_id) })
  grant.addOIDCScope(String(params.scope))
  return finish({ consent: { grantId: await grant.save() } })
}

/** Stores what the provider has issued, because its own memory adapter warns that it is not for production. */
const inMemory = (): ((model: string) => Adapter) => {
  const kept = new Map<string, AdapterPayload>()
  return (model) => ({
    upsert: async (id, payload) => void kept.set(`${model}:${id}`, payload),
    find: async (id) => kept.get(`${model}:${id}`),
    findByUid: async (uid) => [...kept.values()].find((payload) => payload.uid === uid),
    findByUserCode: async () => undefined,
    consume: async (id) => {
      const payload = kept.get(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
    },
    destroy: async (id) => void kept.delete(`${model}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key)
    }
  })
}

export interface Browser {
  /** Opens a URL as a person's browser does, without blocking the program. */
  readonly open: (url: URL) => Effect.Effect<void>
  /** The last opened page, once it has loaded. */
  readonly page: Effect.Effect<{ readonly text: string; readonly headers: Headers }>
}

/** `redirect` changes the URL to which the provider redirects the browser. */
export const browser = (redirect: (back: URL) => URL = (back) => back): Browser => {
  let visit: Promise<{ readonly text: string; readonly headers: Headers }> = Promise.reject(
    new Error("nothing is open")
  )
  visit.catch(() => {})
  return {
    open: (url) => Effect.sync(() => void (visit = follow(url, redirect))),
    page: Effect.promise(() => visit)
  }
}

const follow = async (start: URL, redirect: (back: URL) => URL) => {
  const jar = new CookieJar(start.origin)
  let url = start
  for (let hop = 0; hop < 20; hop++) {
    const cookie = url.origin === start.origin ? jar.header(url.pathname) : undefined
    const answer = await fetch(url, { redirect: "manual", headers: cookie === undefined ? {} : { cookie } })
    if (url.origin === start.origin) jar.store(answer.headers.getSetCookie(), url.pathname)
    const location = answer.headers.get("location")
    if (location === null) return { text: await answer.text(), headers: answer.headers }
    await answer.body?.cancel()
    url = new URL(location, url)
    if (url.origin !== start.origin) url = redirect(url)
  }
  throw new Error("the login goes round in circles")
}
