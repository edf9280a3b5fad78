/** Signs out of a server. The tokens are removed from this machine even if the issuer cannot be reached. */
import * as Settings from "@privx-kit/settings/Settings"
import * as Effect from "effect/Effect"
import * as LoginStore from "../../client/LoginStore.ts"
import * as ServerSettings from "../../client/ServerSettings.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Outcome from "../Outcome.ts"

export interface Input extends ServerSettings.Flags {
  readonly json: boolean
  readonly verbose: boolean
}

interface SignedOut {
  readonly server: string
  readonly signedIn: boolean
  /** Whether the issuer has revoked the login. */
  readonly revoked: boolean
}

export const run = (input: Input) =>
  signOut(input).pipe(
    Effect.scoped,
    Outcome.report<SignedOut>({
      command: "logout",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson
    })
  )

const signOut = Effect.fnUntraced(function* (input: Input) {
  const host = Settings.thisHost()
  const { url } = yield* ServerSettings.resolve(input, host)
  const server = url.origin
  yield* LoginStore.lock(host)
  // A file that is not a valid login is removed as well.
  const login = yield* LoginStore.read(server, host).pipe(Effect.orElseSucceed(() => undefined))
  yield* LoginStore.remove(server, host)
  if (login === undefined || login.refreshToken === null) {
    return { server, signedIn: login !== undefined, revoked: false }
  }
  const { revoke } = yield* Effect.promise(() => import("../../client/IssuerLogin.ts"))
  const revoked = yield* revoke(login, login.refreshToken).pipe(Effect.orElseSucceed(() => false))
  return { server, signedIn: true, revoked }
})

const toPerson = ({ revoked, server, signedIn }: SignedOut, { line, style }: Pane) => {
  if (!signedIn) return line(`You were not signed in to ${server}.`)
  return revoked
    ? line(`${style.green(style.sign.ok)} Signed out of ${server}.`)
    : line(
        `${style.yellow(style.sign.warning)} The tokens for ${server} are removed from this machine. The issuer did not confirm that it revoked them; they expire by themselves.`
      )
}
