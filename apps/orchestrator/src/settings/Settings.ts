/**
 * The settings of a command: everything that is needed to talk to a PrivX, with the source of each value. All that is
 * wrong is found at once, and nothing is sent before it is right.
 */
import * as Effect from "effect/Effect"
import * as os from "node:os"
import * as path from "node:path"
import * as DataFolder from "../DataFolder.ts"
import * as BaseUrl from "./BaseUrl.ts"
import * as Catalogue from "./Catalogue.ts"
import * as Certificates from "./Certificates.ts"
import * as Credentials from "./Credentials.ts"
import * as Lookup from "./Lookup.ts"
import { type Problem, SettingsError } from "./SettingsError.ts"
import * as TomlFile from "./TomlFile.ts"

export interface Settings {
  readonly baseUrl: URL
  /** PEM texts. */
  readonly ca: ReadonlyArray<string>
  readonly credentials: Credentials.Credentials
  /** Absolute. */
  readonly dataDir: string
}

export interface Flags {
  readonly baseUrl: string | undefined
  readonly caFiles: ReadonlyArray<string>
  readonly insecureHttp: boolean
  readonly config: string | undefined
  readonly dataDir: string | undefined
}

/** One setting as `doctor` shows it. */
export interface Row {
  readonly title: string
  /** Secrets are `set (redacted)`. */
  readonly value: string
  /** `undefined` when it is not set. */
  readonly source: Lookup.Source | undefined
  readonly hidden: ReadonlyArray<Lookup.Source>
}

export interface Inspection {
  readonly rows: ReadonlyArray<Row>
  readonly looked: ReadonlyArray<string>
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
  readonly dataDir: string
  /** What could be made of the values, each on its own: `doctor` goes as far as it can. */
  readonly partial: { readonly [K in keyof Settings]: Settings[K] | undefined }
}

export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
}

export const thisHost = (): Host => ({ environment: process.env, home: os.homedir() })

/** Every value, with its source and what is wrong with it. Never fails. */
export const inspect = Effect.fnUntraced(function* (flags: Flags, host: Host): Effect.fn.Return<Inspection> {
  const { environment, home } = host
  const config = configFile(flags, host)
  const file = yield* TomlFile.read(config.path, config.source.kind !== "default")
  const dataDir = dataFolder(flags, host)
  const sources: Lookup.Sources = {
    flags: { ...(flags.baseUrl === undefined ? {} : { baseUrl: [flags.baseUrl] }), ca: flags.caFiles },
    environment,
    file
  }
  const lookups = new Map(Catalogue.keys.map((key) => [key, Lookup.find(key, sources)]))
  const found = (key: Catalogue.Key) => lookups.get(key)?.found
  const problems: Array<Problem> = [...file.problems]
  for (const { problem } of lookups.values()) if (problem !== undefined) problems.push(problem)

  const url = found("baseUrl")
  const baseUrl = url === undefined ? { problem: missingBaseUrl } : BaseUrl.check(url.values[0], flags)
  if ("problem" in baseUrl) problems.push(baseUrl.problem)

  const ca = yield* readCertificates(found("ca"), home)
  problems.push(...ca.problems)

  const credentials = Credentials.choose(found)
  problems.push(...credentials.problems)

  return {
    rows: [
      {
        title: "TOML file",
        value: file.found ? file.path : `${file.path} (not there)`,
        source: config.source,
        hidden: []
      },
      ...Catalogue.keys.map((key) => row(key, found(key))),
      { title: "data folder", value: dataDir.path, source: dataDir.source, hidden: [] },
      signingKeyRow(environment)
    ],
    looked: ["flags", "environment", `${file.path}${file.found ? "" : " (not there)"}`],
    problems,
    warnings: [...file.warnings, ...ca.warnings, ...credentials.warnings],
    dataDir: dataDir.path,
    partial: {
      baseUrl: "url" in baseUrl ? baseUrl.url : undefined,
      ca: ca.problems.length === 0 ? ca.pems : undefined,
      credentials: credentials.credentials,
      dataDir: dataDir.path
    }
  }
})

/** The settings, or everything that is wrong with them. */
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
  fix: "Set PRIVX_API_BASE_URL, or give --base-url https://privx.example.com."
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
    ? { title, value: "the data folder's own", source: { kind: "default" }, hidden: [] }
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

const readCertificates = (found: Lookup.Found | undefined, home: string): Effect.Effect<Certificates.Certificates> => {
  if (found === undefined) return Effect.succeed({ pems: [], problems: [], warnings: [] })
  return found.source.kind === "file"
    ? Effect.succeed(Certificates.parse(found.values[0], Lookup.describe(found.source)))
    : Effect.promise(() => Certificates.fromFiles(found.values.map((file) => absolute(file, home))))
}

const configFile = (flags: Flags, { environment, home }: Host): Placed => {
  const xdg = environment["XDG_CONFIG_HOME"]
  const folder = xdg?.startsWith("/") === true ? xdg : path.join(home, ".config")
  return place(flags.config, "--config", Catalogue.ownEnvironment.config.name, { environment, home }, () =>
    path.join(folder, "privx-kit", "config.toml")
  )
}

/** The data folder alone, for commands that talk to no PrivX. */
export const dataFolder = (flags: Pick<Flags, "dataDir">, host: Host): Placed =>
  place(flags.dataDir, "--data-dir", Catalogue.ownEnvironment.dataDir.name, host, () =>
    DataFolder.defaultPath(host.environment, host.home)
  )

interface Placed {
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

/** A `~` that the shell has not replaced (as in `--data-dir=~/x`) is meant as the home folder. */
const absolute = (file: string, home: string): string =>
  path.resolve(file === "~" || file.startsWith("~/") ? path.join(home, file.slice(1)) : file)
