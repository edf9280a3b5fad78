/** The access token of a login, renewed before it expires. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Host } from "@privx-kit/settings/Settings"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { LoginFailed } from "./LoginFailed.ts"
import * as LoginStore from "./LoginStore.ts"

/** The minimum remaining lifetime of an access token for a request, in milliseconds. */
const margin = 30_000

export type Token = Effect.Effect<Redacted.Redacted | undefined, LoginFailed | StorageFailed>

/**
 * The token for each request, if the user is signed in to the server.
 *
 * @param server scheme, host and port
 */
export const make = (server: string, host: Host): Token => {
  let known: LoginStore.Login | undefined
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    known ??= yield* LoginStore.read(server, host)
    if (known === undefined || known.expiresAt - now > margin) return known?.accessToken
    known = yield* renewed(server, host)
    return known?.accessToken
  })
}

const renewed = Effect.fnUntraced(function* (server: string, host: Host) {
  yield* LoginStore.lock(host)
  // Another process may have renewed it, or signed out.
  const login = yield* LoginStore.read(server, host)
  const now = yield* Clock.currentTimeMillis
  if (login === undefined || login.expiresAt - now > margin) return login
  if (login.refreshToken === null) {
    return login.expiresAt > now ? login : yield* new LoginFailed({ server, reason: "ended", detail: "it has expired" })
  }
  const { renew } = yield* Effect.promise(() => import("./IssuerLogin.ts"))
  const next = yield* renew(login, login.refreshToken).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "unreachable" && login.expiresAt > now,
      () => Effect.succeed(login)
    )
  )
  if (next !== login) yield* LoginStore.write(next, host)
  return next
}, Effect.scoped)
