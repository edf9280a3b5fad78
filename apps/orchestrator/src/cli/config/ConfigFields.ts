/** The non-secret fields of the config file, under the names that `config get` and `config set` accept. */
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import type { Name } from "./SettingNames.ts"
import type { Problem } from "@privx-kit/settings/SettingsError"

const keys: Readonly<Record<Name, Catalogue.Key>> = {
  base_url: "baseUrl",
  ca_file: "ca",
  api_client_id: "clientId",
  oauth_client_id: "oauthClientId",
  exchange_scope: "exchangeScope",
  credential_command: "credentialCommand"
}

export const settingOf = (name: Name): Catalogue.Setting => Catalogue.get(keys[name])

/** The problem of a value. */
export const check = (name: Name, value: string): Problem | undefined => {
  if (name !== "base_url") return undefined
  const checked = BaseUrl.check(value, { insecureHttp: true })
  return "problem" in checked ? checked.problem : undefined
}

/** A value as TOML. */
export const encode = (name: Name, value: string): string =>
  name === "ca_file" ? `"""\n${value.trim()}\n"""` : JSON.stringify(value)
