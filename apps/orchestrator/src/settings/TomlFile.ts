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
 * Sections and keys that are not known are reported and otherwise left alone: the file may serve other tools too.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as Catalogue from "./Catalogue.ts"
import type { Problem } from "./SettingsError.ts"

export interface TomlFile {
  readonly path: string
  readonly found: boolean
  readonly values: ReadonlyMap<Catalogue.Key, string>
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

/**
 * @param required whether the file was asked for; a default one may be missing
 */
export const read = Effect.fnUntraced(function* (path: string, required: boolean): Effect.fn.Return<TomlFile> {
  const nothing = { path, found: false, values: new Map<Catalogue.Key, string>(), problems: [], warnings: [] }
  const content = yield* Effect.promise(() => load(path))
  if (content.text === undefined) {
    return content.code === "ENOENT" && !required
      ? nothing
      : { ...nothing, found: content.code !== "ENOENT", problems: [unreadable(path, content.code)] }
  }
  const parsed = yield* Effect.promise(() => parse(content.text))
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
    (content.mode & 0o077) !== 0 && Catalogue.keys.some((key) => Catalogue.get(key).secret && values.has(key))
  return {
    path,
    found: true,
    values,
    problems,
    warnings: [
      ...(exposed ? [`${path} holds secrets and others can read it: chmod 600 ${path}`] : []),
      ...(unknown.length === 0 ? [] : [`${path} has keys that privx-kit does not know: ${unknown.join(", ")}`])
    ]
  }
})

const load = async (
  path: string
): Promise<{ readonly text: string; readonly mode: number } | { readonly text: undefined; readonly code: string }> => {
  try {
    const [text, stat] = await Promise.all([fs.readFile(path, "utf8"), fs.stat(path)])
    // Windows has no such permissions: what it reports says nothing about others.
    return { text, mode: process.platform === "win32" ? 0 : stat.mode }
  } catch (cause) {
    return { text: undefined, code: cause instanceof Error && "code" in cause ? String(cause.code) : "unknown" }
  }
}

const unreadable = (path: string, code: string): Problem => ({
  setting: `file ${path}`,
  problem: code === "ENOENT" ? "does not exist" : `cannot be read (${code})`,
  fix: code === "ENOENT" ? "Check the path given with --config." : "Check its permissions."
})

// Loaded only where there is a file to parse.
const parse = async (text: string) => {
  const { TomlError, parse } = await import("smol-toml")
  try {
    return { table: parse(text) }
  } catch (cause) {
    // The rest of the message quotes the file, and with it its secrets.
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
        fix: `Write [${section}] on a line of its own, and its keys below.`
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
