/**
 * The settings of PrivX clients: their names on the command line, in the environment and in the config file. The
 * environment and the file use the names of the official tools. `--help`, `doctor` and the README show this table.
 *
 * @since 0.1.0
 */

export interface Setting {
  /** For people, e.g. `API client id`. */
  readonly title: string
  readonly flag?: string
  /** The first is the usual name; the others are aliases. */
  readonly environment: readonly [string, ...ReadonlyArray<string>]
  readonly file?: readonly [section: string, key: string]
  readonly secret: boolean
  readonly description: string
}

/**
 * @since 0.1.0
 * @category constants
 */
export const catalogue = {
  baseUrl: {
    title: "base URL",
    flag: "--base-url",
    environment: ["PRIVX_API_BASE_URL"],
    file: ["api", "base_url"],
    secret: false,
    description: "URL of PrivX, e.g. https://privx.example.com"
  },
  token: {
    title: "token",
    environment: ["PRIVX_API_TOKEN"],
    secret: true,
    description: "bearer token, instead of an API client"
  },
  clientId: {
    title: "API client id",
    environment: ["PRIVX_API_CLIENT_ID", "PRIVX_API_ACCESS_KEY"],
    file: ["auth", "api_client_id"],
    secret: false,
    description: "id of the API client"
  },
  clientSecret: {
    title: "API client secret",
    environment: ["PRIVX_API_CLIENT_SECRET", "PRIVX_API_SECRET_KEY"],
    file: ["auth", "api_client_secret"],
    secret: true,
    description: "secret of the API client"
  },
  oauthClientId: {
    title: "OAuth client id",
    environment: ["PRIVX_API_OAUTH_CLIENT_ID"],
    file: ["auth", "oauth_client_id"],
    secret: false,
    description: "id of the OAuth client, default privx-external"
  },
  oauthClientSecret: {
    title: "OAuth client secret",
    environment: ["PRIVX_API_OAUTH_CLIENT_SECRET"],
    file: ["auth", "oauth_client_secret"],
    secret: true,
    description: "secret of the OAuth client"
  },
  clientDomain: {
    title: "client domain",
    environment: ["PRIVX_API_CLIENT_DOMAIN"],
    file: ["auth", "client_domain"],
    secret: false,
    description: "domain in which an API client logs in without an OAuth client, e.g. privx-external"
  },
  ca: {
    title: "CA certificates",
    flag: "--ca-file",
    environment: ["PRIVX_API_CA_FILE"],
    file: ["api", "api_ca_crt"],
    secret: false,
    description: "PEM file with CA certificates to trust in addition to the system's (in the config file: the PEM text)"
  },
  exchangeToken: {
    title: "exchange token",
    environment: ["PRIVX_EXCHANGE_TOKEN"],
    file: ["auth", "exchange_token"],
    secret: true,
    description: "token of an issuer that PrivX trusts, instead of an API client"
  },
  exchangeScope: {
    title: "exchange scope",
    environment: ["PRIVX_EXCHANGE_SCOPE"],
    file: ["auth", "exchange_scope"],
    secret: false,
    description: "scope to request for the exchanged token"
  },
  credentialCommand: {
    title: "credential command",
    environment: ["PRIVX_KIT_CREDENTIAL_COMMAND"],
    file: ["auth", "credential_command"],
    secret: false,
    description:
      "command that prints credentials as JSON, e.g. of a password manager; used only if no other source has them"
  }
} as const satisfies Record<string, Setting>

/**
 * @since 0.1.0
 * @category models
 */
export type Key = keyof typeof catalogue

/**
 * @since 0.1.0
 * @category constants
 */
export const keys = Object.keys(catalogue) as ReadonlyArray<Key>

/**
 * Returns the names and the description of a setting.
 *
 * @example
 * ```ts
 * import * as Catalogue from "@privx-kit/settings/Catalogue"
 *
 * export const [variable] = Catalogue.get("baseUrl").environment // PRIVX_API_BASE_URL
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (key: Key): Setting => catalogue[key]

/**
 * Further environment variables of the command itself.
 *
 * @since 0.1.0
 * @category constants
 */
export const ownEnvironment = {
  dataDir: { name: "PRIVX_KIT_DATA_DIR", description: "data directory, like --data-dir" },
  config: { name: "PRIVX_KIT_CONFIG", description: "config file, like --config" },
  keepRuns: {
    name: "PRIVX_KIT_KEEP_RUNS",
    description: "ended runs to keep: a number, an age like 90d, both, or all (default 10000)"
  },
  databaseUrl: {
    name: "PRIVX_KIT_DATABASE_URL",
    description: "shared Postgres database of worker, serve and database, like --database-url"
  },
  signingKey: {
    name: "PRIVX_KIT_SIGNING_KEY",
    description: "Ed25519 key (PEM file) that signs attestations, like --signing-key"
  },
  server: { name: "PRIVX_KIT_SERVER", description: "privx-kit server to use, like --server" },
  serverToken: { name: "PRIVX_KIT_SERVER_TOKEN", description: "token for the server" },
  serverTokenFile: { name: "PRIVX_KIT_SERVER_TOKEN_FILE", description: "file with the token for the server" },
  playbackSession: {
    name: "PRIVX_PLAYBACK_SESSION_ID",
    description: "session id for playback reauthenticate; for playback keep-alive, one or several"
  }
} as const

/**
 * @since 0.1.0
 * @category constants
 */
export const defaultOauthClientId = "privx-external"
