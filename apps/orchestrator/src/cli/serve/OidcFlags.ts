/** Sign-in through an OpenID Connect issuer: reads and validates the flags. */
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"
import type * as Oidc from "../../server/Oidc.ts"
import { Role } from "../../server/Role.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { UsageError } from "../UsageError.ts"

export interface Input {
  readonly oidcIssuer: string | undefined
  readonly oidcClientId: string | undefined
  readonly oidcClientSecretFile: string | undefined
  readonly oidcCliClientId: string | undefined
  readonly oidcAudience: string | undefined
  readonly oidcRoleClaim: string
  readonly oidcRole: ReadonlyArray<string>
  readonly oidcScope: string | undefined
  readonly publicUrl: string | undefined
}

export const flags = {
  oidcIssuer: FlagKinds.text("oidc-issuer", "URL", "OpenID Connect issuer that people sign in with"),
  oidcClientId: FlagKinds.text("oidc-client-id", "ID", "Id of this server at the issuer"),
  oidcClientSecretFile: FlagKinds.text("oidc-client-secret-file", "FILE", "File with the client secret"),
  oidcCliClientId: FlagKinds.text(
    "oidc-cli-client-id",
    "ID",
    "Id of the public client at the issuer with which privx-kit login signs in"
  ),
  oidcAudience: FlagKinds.text(
    "oidc-audience",
    "NAME",
    "Audience of access tokens for the API (default: the client id)"
  ),
  oidcRoleClaim: FlagKinds.required("oidc-role-claim", "NAME", "Claim that gives the role (default roles)").pipe(
    Flag.withDefault("roles")
  ),
  oidcRole: FlagKinds.texts("oidc-role", "ROLE=VALUE", "Value of the claim that gives a role; can be repeated"),
  oidcScope: FlagKinds.text(
    "oidc-scope",
    "SCOPES",
    "Scopes to request in addition to openid and profile, e.g. offline_access"
  ),
  publicUrl: FlagKinds.text(
    "public-url",
    "URL",
    "Address at which browsers reach this server; required with --oidc-issuer"
  )
}

const command = "privx-kit serve"

/** `undefined` if people sign in only with tokens. */
export const read = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Oidc.Options | undefined, UsageError> {
  const { oidcClientId, oidcClientSecretFile, oidcIssuer, publicUrl } = input
  const together = [oidcIssuer, oidcClientId, oidcClientSecretFile, publicUrl]
  if (together.every((value) => value === undefined)) return undefined
  const issuer = secureUrl(oidcIssuer)
  const place = secureUrl(publicUrl)
  const mappings = input.oidcRole.map(mappingOf)
  const { problem, secret } = yield* secretOf(oidcClientSecretFile)
  const problems = [
    ...(issuer === undefined ? ["--oidc-issuer must be an https URL, or http on a loopback address."] : []),
    ...(place === undefined ? ["--public-url must be an https URL, or http on a loopback address."] : []),
    ...(oidcClientId === undefined ? ["--oidc-client-id is missing."] : []),
    ...(problem === undefined ? [] : [problem]),
    ...(mappings.length === 0 ? ["--oidc-role is missing: without it, no person has a role."] : []),
    ...(mappings.includes(undefined)
      ? [`--oidc-role must be ROLE=VALUE, with one of ${Role.literals.join(", ")}.`]
      : [])
  ]
  if (issuer === undefined || place === undefined || oidcClientId === undefined || problems.length > 0) {
    return yield* new UsageError({ command, problems })
  }
  return {
    issuer,
    clientId: oidcClientId,
    clientSecret: Redacted.make(secret, { label: "client secret" }),
    commandLineClientId: input.oidcCliClientId,
    audience: input.oidcAudience,
    roleClaim: input.oidcRoleClaim,
    roles: mappings.flatMap((mapping) => mapping ?? []),
    scope: input.oidcScope,
    publicUrl: place
  }
})

const secretOf = (file: string | undefined): Effect.Effect<{ readonly problem?: string; readonly secret: string }> => {
  const flag = "--oidc-client-secret-file"
  if (file === undefined) return Effect.succeed({ secret: "", problem: `${flag} is missing.` })
  return Effect.match(SettingsFile.read(file), {
    onSuccess: (text) =>
      text.trim() === "" ? { secret: "", problem: `${flag} names ${file}, which is empty.` } : { secret: text.trim() },
    onFailure: ({ fix, problem }) => ({ secret: "", problem: `${flag} names ${file}, which ${problem}. ${fix}` })
  })
}

const secureUrl = (text: string | undefined): URL | undefined => {
  const url = URL.parse(text ?? "")
  return url !== null && (url.protocol === "https:" || (url.protocol === "http:" && BaseUrl.isLoopback(url.hostname)))
    ? url
    : undefined
}

const mappingOf = (text: string): Oidc.Options["roles"][number] | undefined => {
  const [, name, value] = /^(\w+)=(.+)$/s.exec(text) ?? []
  const role = Role.literals.find((role) => role === name)
  return role === undefined || value === undefined ? undefined : { role, value }
}
