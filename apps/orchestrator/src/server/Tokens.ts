/**
 * The tokens of the server, in a TOML file with their hashes:
 *
 * ```toml
 * [[token]]
 * name = "ci"                      # recorded as who asked; two tokens may share it, so that one can follow the other
 * role = "operator"                # viewer, operator, approver or admin
 * sha256 = "9f86d081…"             # of the token's text
 * expires = 2027-01-31T00:00:00Z   # optional
 * ```
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import { type Problem, SettingsError } from "@privx-kit/settings/SettingsError"
import { Role } from "./Role.ts"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"

export const Name = Schema.String.check(Schema.isPattern(/^[\w.@+-]{1,64}$/))

const Entry = Schema.Struct({
  name: Name,
  role: Role,
  sha256: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)),
  expires: Schema.optionalKey(Schema.Date)
})

const Content = Schema.Struct({ token: Schema.Array(Entry) })

export type Entry = typeof Entry.Type

/** The entries, or all problems of the file. */
export const read = Effect.fn("Tokens.read")(function* (
  file: string
): Effect.fn.Return<ReadonlyArray<Entry>, SettingsError> {
  const failed = (problem: string, fix: string) =>
    new SettingsError({ problems: [wrong(file, problem, fix)], looked: [file] })
  // A user who can add an entry is an administrator.
  const text = yield* Effect.mapError(SettingsFile.read(file, { maxBytes: largest }), ({ fix, missing, problem }) =>
    failed(problem, missing ? "Create one: privx-kit serve token --name NAME --role ROLE >> FILE" : fix)
  )
  const { TomlError, parse } = yield* Effect.promise(() => import("smol-toml"))
  const table = yield* Effect.try({
    try: (): unknown => parse(text),
    catch: (cause) =>
      failed(`is not valid TOML${cause instanceof TomlError ? ` (line ${cause.line})` : ""}`, "Correct that line.")
  })
  const quoted = text.split("\n").findIndex((line) => /^\s*expires\s*=\s*["']/.test(line))
  if (quoted !== -1) {
    return yield* failed(
      `has expires in quotes (line ${quoted + 1})`,
      "Write the time without quotes: expires = 2030-01-31T00:00:00Z"
    )
  }
  const { token } = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Content)(table, { onExcessProperty: "error" }),
    (error) =>
      failed(
        `is not valid: ${error.message.replace(/\s*\n\s*/g, " ")}`,
        "Each [[token]] has name, role, sha256 and, optionally, expires."
      )
  )
  const twice = doubled(token, text)
  if (twice.length > 0) {
    return yield* new SettingsError({
      problems: twice.map(({ fix, problem }) => wrong(file, problem, fix)),
      looked: [file]
    })
  }
  return token
})

/** Two entries with the same token: the token would silently have the role of the last one. */
const doubled = (entries: ReadonlyArray<Entry>, text: string) => {
  const lines = text.split("\n")
  return [...Map.groupBy(entries, ({ sha256 }) => sha256)].flatMap(([sha256, same]) => {
    if (same.length < 2) return []
    const at = lines.flatMap((line, index) => (/^\s*sha256\b/.test(line) && line.includes(sha256) ? [index + 1] : []))
    const names = new Intl.ListFormat("en").format(same.map(({ name }) => name))
    return [
      {
        problem: `has one token hash ${same.length} times, for ${names} (lines ${at.join(", ")})`,
        fix: "Remove all but one of these entries, or issue another token: privx-kit serve token."
      }
    ]
  })
}

/** In bytes, which is enough for thousands of tokens. */
const largest = 1024 * 1024

const wrong = (file: string, problem: string, fix: string): Problem => ({ setting: `token file ${file}`, problem, fix })

/**
 * The entry of a token. Compares every hash in constant time, so that the time reveals neither the matching entry nor a
 * partial match.
 */
export const find = Effect.fnUntraced(function* (
  entries: ReadonlyArray<Entry>,
  token: Redacted.Redacted<string>
): Effect.fn.Return<Entry | undefined> {
  const now = yield* Clock.currentTimeMillis
  const hash = crypto.createHash("sha256").update(Redacted.value(token)).digest()
  let found: Entry | undefined
  for (const entry of entries) {
    const same = crypto.timingSafeEqual(Buffer.from(entry.sha256, "hex"), hash)
    if (same && (entry.expires === undefined || entry.expires.getTime() > now)) found = entry
  }
  return found
})

/** Creates a random token, and its entry for the file. */
export const issue = (name: string, role: Role, expires?: Date) => {
  const token = `pxk_${crypto.randomBytes(32).toString("base64url")}`
  const sha256 = crypto.hash("sha256", token, "hex")
  const lines = ["[[token]]", `name = "${name}"`, `role = "${role}"`, `sha256 = "${sha256}"`]
  if (expires !== undefined) lines.push(`expires = ${expires.toISOString()}`)
  return { token: Redacted.make(token, { label: "token" }), entry: `${lines.join("\n")}\n` }
}
