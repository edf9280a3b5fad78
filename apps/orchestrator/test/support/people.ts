/** A server at which people sign in through an issuer. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as OidcSession from "../../src/server/OidcSession.ts"
import { freePort } from "./freePort.ts"
import * as issuers from "./issuer.ts"
import * as served from "./served.ts"

/** The claim value of the issuer for each role. */
const roles = [
  { role: "admin", value: "kit-admins" },
  { role: "approver", value: "kit-approvers" },
  { role: "operator", value: "kit-operators" },
  { role: "viewer", value: "staff" }
] as const

export const start = Effect.fnUntraced(function* (
  options: {
    readonly sessions?: Partial<OidcSession.Lifetimes> | undefined
    readonly issuer?: issuers.Options
  } = {}
) {
  const port = yield* freePort
  const publicUrl = new URL(`http://127.0.0.1:${port}`)
  const issuer = yield* issuers.make(new URL("/auth/callback", publicUrl), options.issuer)
  issuer.accounts.set("anna", { name: "Anna Example", roles: ["kit-admins", "others"] })
  issuer.accounts.set("ben", { name: "Ben Example", roles: ["kit-approvers"] })
  issuer.accounts.set("cleo", { name: "Cleo Example", roles: ["others"] })
  issuer.accounts.set("dora", { name: "Dora Example", roles: ["kit-operators"] })
  issuer.accounts.set("emil", { name: "Emil Example", roles: ["staff"] })
  const server = yield* served.start({
    port,
    sessions: { ...OidcSession.lifetimes, ...options.sessions },
    oidc: {
      issuer: new URL(issuer.issuer),
      clientId: issuers.client.id,
      clientSecret: Redacted.make(issuers.client.secret),
      scope: "roles",
      publicUrl,
      roles
    }
  })
  return { server, issuer, at: (path: string) => new URL(path, server.url) }
})
