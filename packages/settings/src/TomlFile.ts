/**
 * The TOML file of the official PrivX tools:
 *
 * ```toml
 * [api]
 * base_url = "https://privx.example.com"
 * api_ca_crt = """-----BEGIN CERTIFICATE-----…"""
 * [auth]
 * api_client_id = "…"
 * api_client_secret = "…"
 * oauth_client_id = "privx-external"
 * oauth_client_secret = "…"
 * ```
 *
 * Unknown sections and keys are reported and otherwise ignored: other tools may use the same file.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Catalogue from "./Catalogue.ts"
import type { Problem } from "./SettingsError.ts"
import * as SettingsFile from "./SettingsFile.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface TomlFile {
  readonly path: string
  readonly found: boolean
  readonly values: ReadonlyMap<Catalogue.Key, string>
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

/**
 * Reads the settings of the TOML file of the official PrivX tools.
 *
 * **Details**: sections and keys that the kit does not know are named in a warning and otherwise ignored, because other
 * tools may use the same file.
 *
 * **Errors**: none; a file that cannot be read or parsed is a problem in the result. Messages never quote the file, which
 * contains secrets.
 *
 * **Source**: the config file of the official SDK for Go.
 *
 * @param required whether the file was named explicitly; a default file may be missing
 *
 * @example
 * ```ts
 * import * as TomlFile from "@privx-kit/settings/TomlFile"
 * import * as Effect from "effect/Effect"
 *
 * export const baseUrl = Effect.map(TomlFile.read("/etc/privx-kit/config.toml", true), ({ values }) => values.get("baseUrl"))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = Effect.fnUntraced(function* (path: string, required: boolean): Effect.fn.Return<TomlFile> {
  const nothing = { path, found: false, values: new Map<Catalogue.Key, string>(), problems: [], warnings: [] }
  const content = yield* Effect.result(SettingsFile.read(path))
  if (Result.isFailure(content)) {
    const { fix, missing, problem } = content.failure
    if ((missing || problem.includes("ENOTDIR")) && !required) return nothing
    return {
      ...nothing,
      found: !missing,
      problems: [{ setting: `file ${path}`, problem, fix: missing ? "Check the path given with --config." : fix }]
    }
  }
  const parsed = yield* Effect.promise(() => parse(content.success))
  if (parsed.table === undefined) {
    return {
      ...nothing,
      found: true,
      problems: [
        {
          setting: `file ${path}`,
          problem: `is not valid TOML (line ${parsed.line}, column ${parsed.column}: ${parsed.reason})`,
          fix: "Correct that line."
        }
      ]
    }
  }
  const { problems, unknown, values } = pick(parsed.table, path)
  const exposed =
    Catalogue.keys.some((key) => Catalogue.get(key).secret && values.has(key)) &&
    (yield* SettingsFile.isReadableByOthers(path))
  return {
    path,
    found: true,
    values,
    problems,
    warnings: [
      ...(exposed ? [`${path} contains secrets that other users can read. Run: chmod 600 ${path}`] : []),
      ...(unknown.length === 0 ? [] : [`${path} has keys that privx-kit does not know: ${unknown.join(", ")}`])
    ]
  }
})

// Loaded only if there is a file to parse.
const parse = async (text: string) => {
  const { TomlError, parse } = await import("smol-toml")
  try {
    return { table: parse(text) }
  } catch (cause) {
    // The rest of the message quotes the file, which contains secrets.
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : ""
    return cause instanceof TomlError
      ? {
          table: undefined,
          line: cause.line,
          column: cause.column,
          reason: reason.replace(/^Invalid TOML document: /, "")
        }
      : { table: undefined, line: 0, column: 0, reason: "unknown" }
  }
}

const pick = (table: Readonly<Record<string, unknown>>, path: string) => {
  const values = new Map<Catalogue.Key, string>()
  const problems: Array<Problem> = []
  const unknown: Array<string> = []
  for (const [section, content] of Object.entries(table)) {
    if (section !== "api" && section !== "auth") {
      unknown.push(section)
      continue
    }
    if (typeof content !== "object" || content === null) {
      problems.push({
        setting: `section [${section}] of ${path}`,
        problem: "is not a table",
        fix: `Write [${section}] on its own line, and its keys below it.`
      })
      continue
    }
    for (const [name, value] of Object.entries(content)) {
      const key = Catalogue.keys.find((key) => {
        const { file } = Catalogue.get(key)
        return file !== undefined && file[0] === section && file[1] === name
      })
      if (key === undefined) {
        unknown.push(`${section}.${name}`)
      } else if (typeof value !== "string") {
        problems.push({
          setting: `key ${section}.${name} of ${path}`,
          problem: "is not a string",
          fix: "Put the value in quotes."
        })
      } else if (value !== "") {
        values.set(key, value)
      }
    }
  }
  return { values, problems, unknown }
}
