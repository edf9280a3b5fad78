/**
 * Which server a command talks to: `--server`, or `PRIVX_KIT_SERVER`; the token only from the environment, or from a file
 * that it names.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs/promises"
import * as BaseUrl from "./BaseUrl.ts"
import * as Catalogue from "./Catalogue.ts"
import * as Certificates from "./Certificates.ts"
import type { Host } from "./Settings.ts"
import { type Problem, SettingsError } from "./SettingsError.ts"

export interface Flags {
  readonly server: string | undefined
  readonly caFiles: ReadonlyArray<string>
  readonly insecureHttp: boolean
  readonly dataDir: string | undefined
}

export interface ServerSettings {
  readonly url: URL
  readonly token: Redacted.Redacted<string> | undefined
  /** PEM texts. */
  readonly ca: ReadonlyArray<string>
}

const { server: variable, serverToken, serverTokenFile } = Catalogue.ownEnvironment

export const resolve = Effect.fnUntraced(function* (
  flags: Flags,
  { environment }: Host
): Effect.fn.Return<ServerSettings, SettingsError> {
  const problems: Array<Problem> = []
  if (flags.server !== undefined && flags.dataDir !== undefined) {
    problems.push({
      setting: "server",
      problem: "is given beside --data-dir, and a run is in one of the two",
      fix: "Leave out --server or --data-dir."
    })
  }
  const checked = BaseUrl.check(flags.server ?? environment[variable.name] ?? "", flags)
  if ("problem" in checked) {
    const setting = flags.server === undefined ? `server (${variable.name})` : "server (--server)"
    problems.push({ ...checked.problem, setting })
  }
  const token = yield* tokenOf(environment)
  if (typeof token === "object" && "problem" in token) problems.push(token)
  const named = environment[Catalogue.get("ca").environment[0]] ?? ""
  const caFiles = flags.caFiles.length > 0 ? flags.caFiles : named === "" ? [] : [named]
  const ca = yield* Effect.promise(() => Certificates.fromFiles(caFiles))
  problems.push(...ca.problems)
  if (problems.length > 0 || "problem" in checked) {
    return yield* new SettingsError({ problems, looked: ["flags", "environment"] })
  }
  return { url: checked.url, token: Redacted.isRedacted(token) ? token : undefined, ca: ca.pems }
})

const tokenOf = Effect.fnUntraced(function* (
  environment: Host["environment"]
): Effect.fn.Return<Redacted.Redacted<string> | Problem | undefined> {
  const value = environment[serverToken.name] ?? ""
  const file = environment[serverTokenFile.name] ?? ""
  if (value !== "" && file !== "") {
    return {
      setting: "server token",
      problem: `is set twice: ${serverToken.name} and ${serverTokenFile.name}`,
      fix: "Unset one of them."
    }
  }
  if (file === "") return value === "" ? undefined : checkedToken(value, serverToken.name)
  return yield* Effect.promise(() =>
    fs.readFile(file, "utf8").then(
      (text) => checkedToken(text, file),
      (cause: NodeJS.ErrnoException): Problem => ({
        setting: "server token",
        problem: `cannot be read from ${file} (${cause.code ?? "unknown"})`,
        fix: `Check ${serverTokenFile.name}.`
      })
    )
  )
})

const checkedToken = (text: string, origin: string): Redacted.Redacted<string> | Problem => {
  const token = text.trim()
  return /^[\u0021-\u007e]+$/.test(token)
    ? Redacted.make(token, { label: "server token" })
    : {
        setting: "server token",
        problem: `(${origin}) has characters that a token cannot have`,
        fix: "Set the bare token, without Bearer and without line breaks."
      }
}
