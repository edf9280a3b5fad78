/** The names of the settings that `config get` and `config set` accept: non-secret fields of the config file. */
export const names = [
  "base_url",
  "ca_file",
  "api_client_id",
  "oauth_client_id",
  "exchange_scope",
  "credential_command"
] as const

export type Name = (typeof names)[number]
