import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "./Api.ts"
import * as Oidc from "./Oidc.ts"
import { OidcSessions } from "./OidcSessions.ts"
import * as SignInPages from "./SignInPages.ts"
import { TokenFile } from "./TokenFile.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "signIn",
  Effect.fnUntraced(function* (handlers) {
    const { signIn } = yield* OidcSessions
    const file = yield* TokenFile
    return handlers.handle("methods", () =>
      Effect.succeed({
        tokens: (file.entries() ?? []).length > 0,
        oidc:
          signIn === undefined
            ? null
            : {
                issuer: signIn.oidc.options.issuer.href,
                login: SignInPages.login,
                commandLine: commandLineOf(signIn.oidc.options)
              }
      })
    )
  })
)

const commandLineOf = (options: Oidc.Options) => {
  const { audience = "", commandLineClientId: clientId } = options
  return clientId === undefined
    ? null
    : { clientId, scope: Oidc.scopeOf(options), resource: URL.canParse(audience) ? audience : null }
}
