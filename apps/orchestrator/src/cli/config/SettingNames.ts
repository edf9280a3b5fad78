/** Names of the settings that `config get` and `config set` take: fields of the config file that are no secrets. */
export const names = [
  "base_url",
  "ca_file",
  "api_client_id",
  "oauth_client_id",
  "exchange_scope",
  "credential_command"
] as const

export type Name = (typeof names)[number]
