/**
 * Where a value comes from. Flags take precedence over the environment, the environment over the file, the file over
 * the credential command, and that over the default. `doctor` also shows the values that are overridden.
 *
 * @since 0.1.0
 */
import * as Catalogue from "./Catalogue.ts"
import type { Problem } from "./SettingsError.ts"
import type { TomlFile } from "./TomlFile.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Source =
  | { readonly kind: "flag"; readonly name: string }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "file"; readonly path: string; readonly key: string }
  | { readonly kind: "command" }
  | { readonly kind: "default" }

/**
 * @since 0.1.0
 * @category models
 */
export interface Found {
  /** More than one only if a flag can be repeated. */
  readonly values: readonly [string, ...ReadonlyArray<string>]
  readonly source: Source
  /** Sources with lower precedence that also have a value. */
  readonly hidden: ReadonlyArray<Source>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Sources {
  readonly flags: { readonly [K in Catalogue.Key]?: ReadonlyArray<string> }
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly file: TomlFile
  /** The output of the credential command, if it ran. */
  readonly command?: ReadonlyMap<Catalogue.Key, string>
}

/**
 * Returns the precedence of a source: a smaller number wins.
 *
 * @example
 * ```ts
 * import * as Lookup from "@privx-kit/settings/Lookup"
 *
 * export const wins = Lookup.rank({ kind: "flag", name: "--base-url" }) < Lookup.rank({ kind: "default" }) // true
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const rank = (source: Source): number => order.indexOf(source.kind)

const order = ["flag", "environment", "file", "command", "default"] as const satisfies ReadonlyArray<Source["kind"]>

/**
 * Names a source for people: `--base-url`, `$PRIVX_API_BASE_URL`, `/home/me/config.toml [api] base_url`, `default`.
 *
 * @example
 * ```ts
 * import * as Lookup from "@privx-kit/settings/Lookup"
 *
 * export const text = Lookup.describe({ kind: "environment", name: "PRIVX_API_BASE_URL" })
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const describe = (source: Source): string => {
  switch (source.kind) {
    case "flag":
      return source.name
    case "environment":
      return `$${source.name}`
    case "file": {
      const [section, key] = source.key.split(".")
      return `${source.path} [${section}] ${key}`
    }
    case "command":
      return "credential command"
    case "default":
      return "default"
  }
}

/**
 * Returns the value of a setting from the source with the highest precedence, and the sources that it hides.
 *
 * **Details**: an empty environment variable counts as not set.
 *
 * **Errors**: none; two names of one variable with different values are a problem in the result.
 *
 * @example
 * ```ts
 * import * as Lookup from "@privx-kit/settings/Lookup"
 *
 * export const { found } = Lookup.find("baseUrl", {
 *   flags: { baseUrl: ["https://privx.example.com"] },
 *   environment: { PRIVX_API_BASE_URL: "https://other.example.com" },
 *   file: { path: "config.toml", found: false, values: new Map(), problems: [], warnings: [] }
 * })
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (
  key: Catalogue.Key,
  sources: Sources
): { readonly found: Found | undefined; readonly problem: Problem | undefined } => {
  const setting = Catalogue.get(key)
  const all: Array<Omit<Found, "hidden">> = []
  const [flag, ...more] = sources.flags[key] ?? []
  if (flag !== undefined && setting.flag !== undefined) {
    all.push({ values: [flag, ...more], source: { kind: "flag", name: setting.flag } })
  }
  const variables = setting.environment.flatMap((name) => {
    const value = sources.environment[name]
    return value === undefined || value === "" ? [] : [{ name, value }]
  })
  for (const { name, value } of variables) all.push({ values: [value], source: { kind: "environment", name } })
  const inFile = sources.file.values.get(key)
  if (inFile !== undefined && setting.file !== undefined) {
    all.push({ values: [inFile], source: { kind: "file", path: sources.file.path, key: setting.file.join(".") } })
  }
  const printed = sources.command?.get(key)
  if (printed !== undefined) all.push({ values: [printed], source: { kind: "command" } })
  const [first, ...rest] = all
  const [one, other] = variables
  return {
    found: first === undefined ? undefined : { ...first, hidden: rest.map(({ source }) => source) },
    problem:
      one !== undefined && other !== undefined && one.value !== other.value && first?.source.kind === "environment"
        ? {
            setting: setting.title,
            problem: `is set twice, to different values: ${one.name} and ${other.name}`,
            fix: `Unset ${other.name}.`
          }
        : undefined
  }
}
