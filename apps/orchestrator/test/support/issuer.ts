/**
 * A real OpenID Connect issuer (`oidc-provider`) on a real socket, and a minimal browser in which a person signs in.
 */
import * as Effect from "effect/Effect"
import { SignJWT, importJWK, type JWK } from "jose"
import { generateKeyPairSync } from "node:crypto"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { Provider } from "oidc-provider"

export const client = { id: "privx-kit", secret: "a secret of this test, which is long enough" }

/** The public client of the command line. */
export const commandLine = { id: "privx-kit-cli" }

export interface Account {
  readonly roles: ReadonlyArray<string>
  readonly groups?: ReadonlyArray<string>
  readonly name?: string
  readonly email?: string
}

export interface Options {
  /** Default: a free port. */
  readonly port?: number
  /** Default `127.0.0.1`. For a browser, `localhost` is another site. */
  readonly host?: "127.0.0.1" | "localhost"
  /** Whether it shows pages for the decisions of a person. By default, `person` decides. */
  readonly pages?: boolean
  readonly client?: { readonly id: string; readonly secret: string }
}

const newKey = (): JWK => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  kid: Math.random().toString(36).slice(2),
  alg: "ES256",
  use: "sig"
})

/** @param callback the redirect URL of the tested server */
export const make = Effect.fnUntraced(function* (callback: URL, options: Options = {}) {
  const { id, secret } = options.client ?? client
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => http.createServer()),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const issuer = yield* Effect.callback<string>((resume) => {
    server.listen(options.port ?? 0, "127.0.0.1", () =>
      resume(Effect.succeed(`http://${options.host ?? "127.0.0.1"}:${(server.address() as AddressInfo).port}`))
    )
  })
  const accounts = new Map<string, Account>()
  const state = {
    account: "anna",
    allows: true,
    key: newKey(),
    /**
     * The audience of access tokens for the command line (default: the requested one), and their lifetime in seconds.
     */
    audience: "",
    accessToken: 600
  }

  const accountOf = (token: object) => ("accountId" in token ? accounts.get(String(token.accountId)) : undefined)

  const provide = () =>
    new Provider(issuer, {
      clients: [
        {
          client_id: id,
          client_secret: secret,
          redirect_uris: [callback.href],
          post_logout_redirect_uris: [new URL("/", callback).href],
          grant_types: ["authorization_code", "refresh_token"],
          id_token_signed_response_alg: "ES256"
        },
        {
          client_id: commandLine.id,
          token_endpoint_auth_method: "none",
          application_type: "native",
          redirect_uris: ["http://127.0.0.1/callback"],
          grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
          id_token_signed_response_alg: "ES256"
        }
      ],
      claims: { openid: ["sub"], profile: ["name"], email: ["email"], roles: ["roles"] },
      conformIdTokenClaims: false,
      cookies: { keys: ["a key of this test"] },
      extraTokenClaims: (_, token) => ({
        roles: [...(accountOf(token)?.roles ?? [])],
        groups: [...(accountOf(token)?.groups ?? [])]
      }),
      features: {
        deviceFlow: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => [],
          getResourceServerInfo: (_, resource) => ({
            scope: "",
            audience: state.audience === "" ? resource : state.audience,
            accessTokenTTL: state.accessToken,
            accessTokenFormat: "jwt",
            jwt: { sign: { alg: "ES256" } }
          })
        },
        revocation: { enabled: true },
        rpInitiatedLogout: {
          logoutSource: (context, form) => {
            context.body = page(
              "Sign out",
              `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out everywhere</button>`
            )
          }
        }
      },
      findAccount: (_, accountId) => ({
        accountId,
        claims: () => ({
          sub: accountId,
          ...accounts.get(accountId),
          roles: [...(accounts.get(accountId)?.roles ?? [])]
        })
      }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      issueRefreshToken: async () => true,
      jwks: { keys: [state.key] },
      scopes: ["openid", "profile", "email", "roles"],
      ttl: {
        AccessToken: (_, { resourceServer }) => resourceServer?.accessTokenTTL ?? 600,
        AuthorizationCode: 60,
        Grant: 600,
        IdToken: 600,
        Interaction: 600,
        RefreshToken: 600,
        Session: 600
      }
    })

  let provider = provide()
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") === true) {
      return void (options.pages === true
        ? ask(provider, request, response)
        : decide(provider, state, request, response))
    }
    void provider.callback()(request, response)
  })

  return {
    issuer,
    accounts,
    /** Sets the person who signs in, and whether that person consents. */
    person: (account: string, allows = true) => Object.assign(state, { account, allows }),
    /** Sets the properties of the access tokens of the command line. */
    accessTokens: (options: { readonly audience?: string; readonly seconds?: number }) =>
      Object.assign(state, { audience: options.audience ?? "", accessToken: options.seconds ?? 600 }),
    /** Replaces the keys; the old ones are discarded. */
    rotate: () => {
      state.key = newKey()
      provider = provide()
    },
    /** An access token, signed by the issuer. */
    accessToken: (
      claims: Readonly<Record<string, unknown>>,
      options: { readonly expires?: string; readonly typ?: string; readonly key?: JWK } = {}
    ) =>
      Effect.promise(async () => {
        const { expires = "10m", key = state.key, typ = "at+jwt" } = options
        return new SignJWT({ iss: issuer, aud: id, ...claims })
          .setProtectedHeader({ alg: "ES256", typ, kid: key.kid ?? "" })
          .setIssuedAt()
          .setExpirationTime(expires)
          .sign(await importJWK(key, "ES256"))
      }),
    otherKey: newKey
  }
})

interface Decision {
  readonly account: string
  readonly allows: boolean
}

const decide = async (
  provider: Provider,
  { account, allows }: Decision,
  request: http.IncomingMessage,
  response: http.ServerResponse
): Promise<void> => {
  const finish = (result: Parameters<Provider["interactionFinished"]>[2]) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  const { params, prompt, session } = await provider.interactionDetails(request, response)
  if (!allows) return finish({ error: "access_denied", error_description: "the person has cancelled" })
  if (prompt.name === "login") return finish({ login: { accountId: account } })
  const grant = new provider.Grant({ accountId: session?.accountId ?? "", clientId: String(params["client_id"]) })
  grant.addOIDCScope(String(params["scope"]))
  return finish({ consent: { grantId: await grant.save() } })
}

const page = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}`

/** A page for each decision of a person: identity and consent. */
const ask = async (provider: Provider, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
  if (request.method === "POST") {
    const answer = new URLSearchParams(await text(request))
    const decision = { account: answer.get("account") ?? "", allows: answer.get("answer") === "allow" }
    return decide(provider, decision, request, response)
  }
  const { params, prompt } = await provider.interactionDetails(request, response)
  const account = prompt.name === "login" ? '<label>Account <input name="account" autofocus></label>' : ""
  const buttons = [
    ["allow", prompt.name === "login" ? "Continue" : "Allow"],
    ["deny", prompt.name === "login" ? "Cancel" : "Deny"]
  ].map(([answer, label]) => `<button name="answer" value="${answer}">${label}</button>`)
  const title = prompt.name === "login" ? "Sign in" : `Allow ${String(params["client_id"])}`
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" })
  response.end(page(title, `<form method="post">${account}${buttons.join("")}</form>`))
}

export interface Visit {
  readonly url: URL
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** Stores cookies by origin, and follows redirects like a browser. */
export const browser = () => {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (url: URL): Map<string, string> => {
    const jar = jars.get(url.origin) ?? new Map<string, string>()
    jars.set(url.origin, jar)
    return jar
  }
  /** Cookies of issuer and server, with their attributes. */
  const set: Array<string> = []
  const once = async (url: URL, init: RequestInit) => {
    const cookie = [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join("; ")
    const headers = new Headers(init.headers)
    if (cookie !== "") headers.set("cookie", cookie)
    const answer = await fetch(url, { ...init, redirect: "manual", headers })
    for (const line of answer.headers.getSetCookie()) {
      set.push(line)
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === "" || /max-age=0|expires=thu, 01 jan 1970/i.test(line)) jarOf(url).delete(name)
      else jarOf(url).set(name, value)
    }
    return answer
  }
  const visit = (start: URL, init: RequestInit = {}) =>
    Effect.promise(async (): Promise<Visit> => {
      let url = start
      for (let hop = 0; hop < 20; hop++) {
        const answer = await once(url, hop === 0 ? init : {})
        const location = answer.headers.get("location")
        const text = await answer.text()
        if (location === null) return { url, status: answer.status, text, headers: answer.headers }
        url = new URL(location, url)
      }
      throw new Error("the sign-in goes round in circles")
    })
  return { visit, set, cookies: jarOf, forget: (url: URL) => jars.delete(url.origin) }
}
