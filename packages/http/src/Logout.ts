/**
 * The end of a login: `POST /auth/api/v1/logout`. After it the token is no longer valid. Source: both official SDKs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Connection } from "./Connection.ts"
import * as Login from "./internal/login.ts"
import type { PrivxFailure } from "./PrivxFailure.ts"
import { TokenProvider } from "./TokenProvider.ts"

const account = "the token"
const credentials = { client: account, account }

/**
 * Logs out: invalidates the provider's token and makes the provider forget it. If the provider has no token, it does
 * nothing and requests none.
 *
 * **When to use**: at the end of a program that logged in as a person, so that no session of that person stays open.
 *
 * **Gotchas**: other programs that use the same token lose it too. A call after the logout logs in again.
 *
 * **Errors**: like any operation, under the name `TokenProvider.logout`. A 401 means that the token was already
 * invalid.
 *
 * @example
 * ```ts
 * import * as Logout from "@privx-kit/http/Logout"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.ensuring(Effect.log("the work"), Effect.ignore(Logout.logout()))
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const logout = (
  path: `/${string}` = "/auth/api/v1/logout"
): Effect.Effect<void, PrivxFailure, Connection | TokenProvider> =>
  Effect.gen(function* () {
    const connection = yield* Connection
    const tokens = yield* TokenProvider
    const held = yield* tokens.current
    if (held === undefined) return
    const { token } = held
    yield* Login.run(
      connection,
      { kind: "logout", operation: "TokenProvider.logout", safeToRepeat: true, credentials },
      (send) =>
        send({
          method: "POST",
          path: connection.pathPrefix + path,
          authorization: Redacted.make(`Bearer ${Redacted.value(token)}`),
          secrets: [token]
        })
    )
    yield* tokens.invalidate(token)
  })
