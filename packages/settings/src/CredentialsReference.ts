/**
 * Where to find the credentials of a PrivX host: names of environment variables and files, never the credentials
 * themselves. Fleet files contain it, and so does the record of a run whose host was submitted to a server.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const text = (description: string) => Schema.NonEmptyString.annotate({ description, expected: "a text" })

const pattern = (regExp: RegExp, expected: string, description: string) =>
  Schema.String.check(Schema.isPattern(regExp, { expected })).annotate({ description, expected })

/** Only the name, never a value. `{NAME}` is replaced with the host's name in upper case. */
const variable = (what: string) =>
  pattern(
    /^([A-Za-z_]|\{NAME\})([A-Za-z0-9_]|\{NAME\}){0,120}$/u,
    "the name of an environment variable (letters, digits and underscores; {NAME} for the host's name in upper case)",
    `Environment variable that contains ${what}`
  )

const file = (what: string) =>
  text(`File that contains ${what}, relative to the fleet file; {name} is replaced with the host's name`)

/**
 * Where to find credentials. It specifies exactly one way to log in; see `FleetCredentials`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CredentialsReference = Schema.Struct({
  toml_file: Schema.optionalKey(file("the credentials in the TOML format of the official tools")),
  token_env: Schema.optionalKey(variable("a bearer token")),
  token_file: Schema.optionalKey(file("a bearer token")),
  client_id: Schema.optionalKey(text("Id of the API client")),
  client_id_env: Schema.optionalKey(variable("the id of the API client")),
  client_secret_env: Schema.optionalKey(variable("the secret of the API client")),
  client_secret_file: Schema.optionalKey(file("the secret of the API client")),
  oauth_client_id: Schema.optionalKey(text("Id of the OAuth client; default privx-external")),
  oauth_client_secret_env: Schema.optionalKey(variable("the secret of the OAuth client")),
  oauth_client_secret_file: Schema.optionalKey(file("the secret of the OAuth client")),
  client_domain: Schema.optionalKey(
    text("Domain in which the API client logs in without an OAuth client, e.g. privx-external")
  ),
  exchange_token_env: Schema.optionalKey(variable("a token to exchange")),
  exchange_token_file: Schema.optionalKey(file("a token to exchange")),
  exchange_scope: Schema.optionalKey(text("Scope to request for the exchanged token"))
}).annotate({ description: "Where to find the credentials; the fleet file itself never contains them" })

/**
 * @since 0.1.0
 * @category models
 */
export type CredentialsReference = typeof CredentialsReference.Type
