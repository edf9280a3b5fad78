/**
 * The settings of a command: everything that is needed to connect to a PrivX host, with the source of each value. All
 * problems are reported at once, and nothing is sent while there are any.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as os from "node:os"
import * as path from "node:path"
import * as BaseUrl from "./BaseUrl.ts"
import * as Catalogue from "./Catalogue.ts"
import * as TrustAnchors from "./TrustAnchors.ts"
import * as CredentialCommand from "./CredentialCommand.ts"
import * as Credentials from "./Credentials.ts"
import * as Lookup from "./Lookup.ts"
import { type Problem, SettingsError } from "./SettingsError.ts"
import * as TomlFile from "./TomlFile.ts"
import * as UserDirectories from "./UserDirectories.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly baseUrl: URL
  /** PEM texts. */
  readonly ca: ReadonlyArray<string>
  readonly credentials: Credentials.Credentials
  /** Absolute path. */
  readonly dataDir: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Flags {
  readonly baseUrl: string | undefined
  readonly caFiles: ReadonlyArray<string>
  readonly insecureHttp: boolean
  readonly config: string | undefined
  readonly dataDir: string | undefined
}

/**
 * A setting as `doctor` shows it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row {
  readonly title: string
  /** `set (redacted)` for secrets. */
  readonly value: string
  /** `undefined` if it is not set. */
  readonly source: Lookup.Source | undefined
  readonly hidden: ReadonlyArray<Lookup.Source>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Inspection {
  readonly rows: ReadonlyArray<Row>
  readonly looked: ReadonlyArray<string>
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
  readonly dataDir: string
  /** The CA texts as given, for messages that name a position in one. */
  readonly bundles: TrustAnchors.Certificates["bundles"]
  /** The values that are valid on their own, so that `doctor` can check as much as possible. */
  readonly partial: { readonly [K in keyof Settings]: Settings[K] | undefined }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/**
 * Returns the environment and the home directory of this process.
 *
 * **When to use**: in a program. A test passes a host of its own.
 *
 * @example
 * ```ts
 * import * as Settings from "@privx-kit/settings/Settings"
 *
 * export const { path, source } = Settings.configFile({ config: undefined }, Settings.thisHost())
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const thisHost = (): Host => ({ environment: process.env, home: os.homedir() })

/**
 * Reads every setting, with its source and its problems.
 *
 * **When to use**: to show a person where each value comes from. {@link resolve} is for a program that needs the values.
 *
 * **Details**: reads the config file and the CA files. The credential command runs only if the other sources have no
 * complete credentials. Values of secrets are not in the rows.
 *
 * **Errors**: none; problems are in the result.
 *
 * @example
 * ```ts
 * import * as Settings from "@privx-kit/settings/Settings"
 * import * as Effect from "effect/Effect"
 *
 * const flags = { baseUrl: undefined, caFiles: [], insecureHttp: false, config: undefined, dataDir: undefined }
 *
 * export const table = Effect.map(Settings.inspect(flags, Settings.thisHost()), ({ rows }) =>
 *   rows.map(({ title, value }) => `${title}: ${value}`)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const inspect = Effect.fnUntraced(function* (flags: Flags, host: Host): Effect.fn.Return<Inspection> {
  const { environment, home } = host
  const config = configFile(flags, host)
  const file = yield* TomlFile.read(config.path, config.source.kind !== "default")
  const dataDir = dataDirectory(flags, host)
  const sources: Lookup.Sources = {
    flags: { ...(flags.baseUrl === undefined ? {} : { baseUrl: [flags.baseUrl] }), ca: flags.caFiles },
    environment,
    file
  }
  const first = lookUp(sources)
  const command = yield* printed(first, environment)
  const lookups = command === undefined ? first : lookUp({ ...sources, command: command.values })
  const found = (key: Catalogue.Key) => lookups.get(key)?.found
  const problems: Array<Problem> = [...file.problems, ...(command?.problems ?? [])]
  for (const { problem } of lookups.values()) if (problem !== undefined) problems.push(problem)

  const url = found("baseUrl")
  const baseUrl = url === undefined ? { problem: missingBaseUrl } : BaseUrl.check(url.values[0], flags)
  if ("problem" in baseUrl) problems.push(baseUrl.problem)

  const ca = yield* readCertificates(found("ca"), home)
  problems.push(...ca.problems)

  const credentials = Credentials.choose(found)
  // If the command failed, that is the cause.
  if (command === undefined || command.problems.length === 0) problems.push(...credentials.problems)

  return {
    rows: [
      {
        title: "config file",
        value: file.found ? file.path : `${file.path} (does not exist)`,
        source: config.source,
        hidden: []
      },
      ...Catalogue.keys.map((key) => row(key, found(key))),
      { title: "data directory", value: dataDir.path, source: dataDir.source, hidden: [] },
      signingKeyRow(environment)
    ],
    looked: ["flags", "environment", `${file.path}${file.found ? "" : " (does not exist)"}`],
    problems,
    warnings: [...file.warnings, ...ca.warnings, ...credentials.warnings],
    dataDir: dataDir.path,
    bundles: ca.bundles,
    partial: {
      baseUrl: "url" in baseUrl ? baseUrl.url : undefined,
      ca: ca.problems.length === 0 ? ca.pems : undefined,
      credentials: credentials.credentials,
      dataDir: dataDir.path
    }
  }
})

type Lookups = ReadonlyMap<Catalogue.Key, ReturnType<typeof Lookup.find>>

const lookUp = (sources: Lookup.Sources): Lookups =>
  new Map(Catalogue.keys.map((key) => [key, Lookup.find(key, sources)]))

/** The output of the credential command, if there is one and the other sources have no complete credentials. */
const printed = (lookups: Lookups, environment: Host["environment"]) => {
  const command = lookups.get("credentialCommand")?.found?.values[0]
  const { credentials } = Credentials.choose((key) => lookups.get(key)?.found)
  return command === undefined || credentials !== undefined
    ? Effect.succeed(undefined)
    : CredentialCommand.run(command, environment)
}

/**
 * Returns the settings that a connection to a PrivX host needs.
 *
 * **Details**: flags take precedence over the environment, the environment over the config file, the file over the
 * credential command.
 *
 * **Errors**: `SettingsError` with every problem at once, if a value is missing, contradictory or invalid, or if another
 * user can change a file. Nothing has been sent then.
 *
 * @example
 * ```ts
 * import * as Settings from "@privx-kit/settings/Settings"
 * import * as Effect from "effect/Effect"
 *
 * const flags = {
 *   baseUrl: "https://privx.example.com",
 *   caFiles: ["/etc/ssl/privx-ca.pem"],
 *   insecureHttp: false,
 *   config: undefined,
 *   dataDir: undefined
 * }
 *
 * export const settings = Effect.map(Settings.resolve(flags, Settings.thisHost()), ({ settings }) => settings)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = Effect.fnUntraced(function* (
  flags: Flags,
  host: Host
): Effect.fn.Return<{ readonly settings: Settings; readonly warnings: ReadonlyArray<string> }, SettingsError> {
  const { dataDir, looked, partial, problems, warnings } = yield* inspect(flags, host)
  const { baseUrl, ca, credentials } = partial
  if (problems.length > 0 || baseUrl === undefined || ca === undefined || credentials === undefined) {
    return yield* new SettingsError({ problems, looked })
  }
  return { settings: { baseUrl, ca, credentials, dataDir }, warnings }
})

const missingBaseUrl: Problem = {
  setting: "base URL",
  problem: "is not set",
  fix: "Set PRIVX_API_BASE_URL, or pass --base-url https://privx.example.com."
}

const row = (key: Catalogue.Key, found: Lookup.Found | undefined): Row => {
  const setting = Catalogue.get(key)
  const fallback = key === "oauthClientId" ? Catalogue.defaultOauthClientId : undefined
  if (found === undefined) {
    return fallback === undefined
      ? { title: setting.title, value: "not set", source: undefined, hidden: [] }
      : { title: setting.title, value: fallback, source: { kind: "default" }, hidden: [] }
  }
  return {
    title: setting.title,
    value: setting.secret ? "set (redacted)" : shown(key, found),
    source: found.source,
    hidden: found.hidden
  }
}

const signingKeyRow = (environment: Host["environment"]): Row => {
  const { name } = Catalogue.ownEnvironment.signingKey
  const value = environment[name] ?? ""
  const title = "signing key"
  return value === ""
    ? { title, value: "the key of the data directory", source: { kind: "default" }, hidden: [] }
    : { title, value: path.resolve(value), source: { kind: "environment", name }, hidden: [] }
}

const shown = (key: Catalogue.Key, found: Lookup.Found): string => {
  if (key === "ca" && found.source.kind === "file") return "PEM text"
  const [value] = found.values
  if (key === "baseUrl") {
    const url = URL.parse(value)
    if (url !== null && (url.username !== "" || url.password !== "")) return "set (redacted: it contains a password)"
  }
  return found.values.join(", ")
}

const readCertificates = (found: Lookup.Found | undefined, home: string): Effect.Effect<TrustAnchors.Certificates> => {
  if (found === undefined) return Effect.succeed({ pems: [], bundles: [], problems: [], warnings: [] })
  return found.source.kind === "file"
    ? Effect.succeed(TrustAnchors.parse(found.values[0], Lookup.describe(found.source)))
    : TrustAnchors.fromFiles(found.values.map((file) => absolute(file, home)))
}

/**
 * Returns the path of the config file, whether or not it exists, and where the path comes from.
 *
 * **Details**: default: `privx-kit/config.toml` in `$XDG_CONFIG_HOME`, or in `~/.config`.
 *
 * @example
 * ```ts
 * import * as Settings from "@privx-kit/settings/Settings"
 *
 * export const file = Settings.configFile({ config: undefined }, { environment: {}, home: "/home/me" })
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const configFile = (flags: Pick<Flags, "config">, { environment, home }: Host): Placed => {
  const xdg = environment["XDG_CONFIG_HOME"]
  const directory = xdg?.startsWith("/") === true ? xdg : path.join(home, ".config")
  return place(flags.config, "--config", Catalogue.ownEnvironment.config.name, { environment, home }, () =>
    path.join(directory, "privx-kit", "config.toml")
  )
}

/**
 * Returns the path of the data directory, and where the path comes from.
 *
 * **When to use**: for a command that does not connect to PrivX.
 *
 * **Details**: default: `privx-kit` in `$XDG_DATA_HOME`, or in `~/.local/share`. It is not created.
 *
 * @example
 * ```ts
 * import * as Settings from "@privx-kit/settings/Settings"
 *
 * export const { path } = Settings.dataDirectory({ dataDir: undefined }, Settings.thisHost())
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const dataDirectory = (flags: Pick<Flags, "dataDir">, host: Host): Placed =>
  place(flags.dataDir, "--data-dir", Catalogue.ownEnvironment.dataDir.name, host, () =>
    UserDirectories.dataDirectory(host.environment, host.home)
  )

/**
 * @since 0.1.0
 * @category models
 */
export interface Placed {
  readonly path: string
  readonly source: Lookup.Source
}

const place = (
  flag: string | undefined,
  flagName: string,
  variable: string,
  { environment, home }: Host,
  fallback: () => string
): Placed => {
  if (flag !== undefined) return { path: absolute(flag, home), source: { kind: "flag", name: flagName } }
  const value = environment[variable]
  return value === undefined || value === ""
    ? { path: fallback(), source: { kind: "default" } }
    : { path: absolute(value, home), source: { kind: "environment", name: variable } }
}

/** A `~` that the shell has not expanded (as in `--data-dir=~/x`) means the home directory. */
const absolute = (file: string, home: string): string =>
  path.resolve(file === "~" || file.startsWith("~/") ? path.join(home, file.slice(1)) : file)
