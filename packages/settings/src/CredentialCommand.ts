/**
 * Credentials from a command, such as a password manager or the keyring of the system. The shell runs it, and it prints
 * a JSON object with fields of the section `[auth]` of the config file, or `token`. It runs only if the other sources
 * have no complete credentials. Its output is never shown.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as Catalogue from "./Catalogue.ts"
import type { Problem } from "./SettingsError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface CommandResult {
  readonly values: ReadonlyMap<Catalogue.Key, string>
  readonly problems: ReadonlyArray<Problem>
}

/** More than any credentials need. */
const maxBytes = 65_536

/** A password manager may wait for a person. */
const timeLimit = 60_000

/**
 * Runs the credential command of the user in the shell, and reads the credentials that it prints.
 *
 * **Details**: it has the standard input and standard error of this process, so that a password manager can ask a person. It
 * is stopped after 60 seconds, or after 65,536 characters.
 *
 * **Errors**: none; a command that cannot be started, fails, or prints something else is a problem in the result. The output
 * is never part of it.
 *
 * @param command one line for the shell
 * @param environment the variables of the command
 *
 * @example
 * ```ts
 * import * as CredentialCommand from "@privx-kit/settings/CredentialCommand"
 *
 * export const printed = CredentialCommand.run("pass show privx", process.env)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (
  command: string,
  environment: Readonly<Record<string, string | undefined>>
): Effect.Effect<CommandResult> =>
  Effect.map(start(command, environment), (output) =>
    "problem" in output ? failed(output.problem) : read(output.text)
  )

type Output = { readonly text: string } | { readonly problem: string }

const start = (command: string, env: Readonly<Record<string, string | undefined>>): Effect.Effect<Output> =>
  Effect.callback((resume) => {
    // It may prompt at the terminal: it has the standard input and standard error of this process.
    const child = spawn(command, { shell: true, env, stdio: ["inherit", "pipe", "inherit"], timeout: timeLimit })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
      // Child processes of the shell end when nothing reads their output.
      if (text.length > maxBytes) child.stdout.destroy()
    })
    child.once("error", () => resume(Effect.succeed({ problem: "cannot be started" })))
    child.once("close", (code, signal) => {
      resume(
        Effect.succeed(
          text.length > maxBytes
            ? { problem: `prints more than ${maxBytes} characters` }
            : code === 0
              ? { text }
              : { problem: signal === null ? `ends with exit code ${code}` : `was stopped by ${signal}` }
        )
      )
    })
    return Effect.sync(() => void child.kill())
  })

const failed = (problem: string): CommandResult => ({
  values: new Map(),
  problems: [
    {
      setting: Catalogue.get("credentialCommand").title,
      problem,
      fix: "Run the command in a shell to see why. It must print a JSON object with fields such as api_client_secret and oauth_client_secret, or token."
    }
  ]
})

/** The setting of each field. */
const fields: ReadonlyMap<string, Catalogue.Key> = new Map([
  ["token", "token"],
  ...Catalogue.keys.flatMap((key): ReadonlyArray<readonly [string, Catalogue.Key]> => {
    const [section, name] = Catalogue.get(key).file ?? []
    return section === "auth" && name !== undefined && key !== "credentialCommand" ? [[name, key]] : []
  })
])

const read = (text: string): CommandResult => {
  const document = parse(text)
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return failed("does not print a JSON object")
  }
  const values = new Map<Catalogue.Key, string>()
  for (const [name, value] of Object.entries(document)) {
    const key = fields.get(name)
    // A field name is normally not a secret, but the output of another tool may have secrets as names.
    if (key === undefined) return failed("prints a field that is not a credential")
    if (typeof value !== "string" || value === "") return failed(`prints a value of ${name} that is not a string`)
    values.set(key, value)
  }
  return { values, problems: [] }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
