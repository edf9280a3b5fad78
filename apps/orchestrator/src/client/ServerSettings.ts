/**
 * The server of a command: `--server`, or `PRIVX_KIT_SERVER`. The token comes only from the environment, from a file that
 * the environment names, or from `privx-kit login`.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
import type { Host } from "@privx-kit/settings/Settings"
import { type Problem, SettingsError } from "@privx-kit/settings/SettingsError"
import * as LoginToken from "./LoginToken.ts"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"

export interface Flags {
  readonly server: string | undefined
  readonly caFiles: ReadonlyArray<string>
  readonly insecureHttp: boolean
  readonly dataDir: string | undefined
}

export interface ServerSettings {
  readonly url: URL
  /** The token of the next request; `undefined` if the server requires none. */
  readonly token: LoginToken.Token
  /** Whether the environment contains the token, which takes precedence over a login. */
  readonly fromEnvironment: boolean
  /** PEM texts. */
  readonly ca: ReadonlyArray<string>
}

const { server: variable, serverToken, serverTokenFile } = Catalogue.ownEnvironment

export const resolve = Effect.fnUntraced(function* (
  flags: Flags,
  host: Host
): Effect.fn.Return<ServerSettings, SettingsError> {
  const { environment } = host
  const problems: Array<Problem> = []
  if (flags.server !== undefined && flags.dataDir !== undefined) {
    problems.push({
      setting: "server",
      problem: "is set together with --data-dir, but a run belongs to only one of them",
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
  const ca = yield* TrustAnchors.fromFiles(caFiles)
  problems.push(...ca.problems)
  if (problems.length > 0 || "problem" in checked) {
    return yield* new SettingsError({ problems, looked: ["flags", "environment"] })
  }
  return {
    url: checked.url,
    token: Redacted.isRedacted(token) ? Effect.succeed(token) : LoginToken.make(checked.url.origin, host),
    fromEnvironment: Redacted.isRedacted(token),
    ca: ca.pems
  }
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
  return yield* Effect.match(SettingsFile.read(file), {
    onSuccess: (text) => checkedToken(text, file),
    onFailure: ({ fix, problem }): Problem => ({
      setting: "server token",
      problem: `is in the file ${file}, which ${problem}`,
      fix
    })
  })
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
