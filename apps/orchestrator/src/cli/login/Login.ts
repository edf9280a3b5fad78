/** Signs in to a server, and stores the login after the server has accepted it. */
import * as Settings from "@privx-kit/settings/Settings"
import * as Effect from "effect/Effect"
import * as IssuerLogin from "../../client/IssuerLogin.ts"
import { LoginFailed } from "../../client/LoginFailed.ts"
import * as LoginStore from "../../client/LoginStore.ts"
import * as RemoteRunClient from "../../client/RemoteRunClient.ts"
import { ServerClient } from "../../client/ServerClient.ts"
import * as ServerSettings from "../../client/ServerSettings.ts"
import type { Role } from "../../server/Role.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Outcome from "../Outcome.ts"
import * as Warnings from "../Warnings.ts"

export interface Input extends ServerSettings.Flags {
  readonly device: boolean
  readonly json: boolean
  readonly verbose: boolean
}

interface SignedIn {
  readonly server: string
  readonly name: string
  readonly displayName: string
  readonly role: Role
  /** Whether the login outlasts its first access token. */
  readonly renewable: boolean
}

export const run = (input: Input) =>
  signIn(input).pipe(
    Effect.scoped,
    Outcome.report<SignedIn>({
      command: "login",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson
    })
  )

const signIn = Effect.fnUntraced(function* (input: Input) {
  const { err } = yield* Screen
  const host = Settings.thisHost()
  const settings = yield* ServerSettings.resolve(input, host)
  const server = settings.url.origin
  if (settings.fromEnvironment) yield* Warnings.show([precedence], err)
  const anonymous = ServerClient.layer({ ...settings, token: Effect.succeed(undefined) })
  const { oidc } = yield* ServerClient.use(({ api, origin }) =>
    api.signIn.methods().pipe(RemoteRunClient.named("signIn.methods", origin))
  ).pipe(Effect.provide(anonymous))
  if (oidc === null || oidc.commandLine === null) {
    return yield* new LoginFailed({ server, reason: "notOffered", detail: "" })
  }
  const client = { server, issuer: oidc.issuer, ...oidc.commandLine }
  const login = yield* input.device
    ? IssuerLogin.byCode(client, ({ code, url }) =>
        Effect.andThen(err.line(`Open ${url} in a browser, and enter the code:`), err.line(`  ${err.style.bold(code)}`))
      )
    : IssuerLogin.byBrowser(client, (url) =>
        Effect.andThen(err.line("Open this address in a browser on this machine:"), err.line(`  ${url.href}`))
      )
  // A login that the server does not accept is not stored.
  const me = yield* ServerClient.use(({ api, origin }) =>
    api.overview.me().pipe(RemoteRunClient.named("overview.me", origin))
  ).pipe(Effect.provide(ServerClient.layer({ ...settings, token: Effect.succeed(login.accessToken) })))
  yield* LoginStore.lock(host)
  yield* LoginStore.write(login, host)
  const { displayName, name, role } = me
  return { server, name, displayName, role, renewable: login.refreshToken !== null }
})

const precedence = "a server token is set in the environment: commands use it instead of the login"

const toPerson = Effect.fnUntraced(function* (
  { displayName, renewable, role, server }: SignedIn,
  { line, style }: Pane
) {
  yield* line(`${style.green(style.sign.ok)} Signed in to ${server} as ${displayName} (${role}).`)
  if (!renewable) {
    yield* line(
      "  The issuer gave no refresh token, so this login expires soon. The server may need --oidc-scope offline_access."
    )
  }
})
