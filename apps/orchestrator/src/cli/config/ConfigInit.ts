/** Writes a config file with comments. Prompts for values that no flag sets. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Settings from "@privx-kit/settings/Settings"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Question from "../../terminal/Question.ts"
import { Screen } from "../../terminal/Screen.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"
import * as ConfigFields from "./ConfigFields.ts"

export interface Input extends Globals {
  readonly baseUrl: string | undefined
  readonly clientId: string | undefined
  readonly caFile: string | undefined
  readonly credentialCommand: string | undefined
  readonly force: boolean
  readonly json: boolean
}

interface Answers {
  readonly baseUrl: string
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  readonly oauthClientSecret: Redacted.Redacted
  readonly ca: string
  readonly credentialCommand: string
}

export const run = (input: Input) =>
  init(input).pipe(
    Outcome.report<{ readonly file: string }>({
      command: "config init",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ({ file }, out) =>
        out.line(`Wrote ${file}, readable by this account only. Run privx-kit doctor to check it.`)
    })
  )

const init = Effect.fnUntraced(function* (input: Input) {
  const { path: file } = Settings.configFile(input, Settings.thisHost())
  const exists = yield* Effect.promise(() =>
    fs.stat(file).then(
      () => true,
      () => false
    )
  )
  if (exists && !input.force) {
    return yield* new UsageError({
      command: "privx-kit config init",
      problems: [`${file} exists already. Change it with privx-kit config set, or replace it with --force.`]
    })
  }
  const answers = yield* ask(input)
  const problem = answers.baseUrl === "" ? undefined : ConfigFields.check("base_url", answers.baseUrl)
  if (problem !== undefined) return yield* new SettingsError({ problems: [problem], looked: ["flags"] })
  yield* DurableFile.makeDirectory(path.dirname(file))
  yield* DurableFile.write(file, new TextEncoder().encode(text(answers)), { owner: "config" })
  return { file }
})

const ask = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Answers, StorageFailed, Screen> {
  const { err } = yield* Screen
  const canAsk = Question.canAsk()
  if (canAsk) {
    yield* err.line("Press Enter to skip a value that you do not have yet. Secrets are not shown while you type.")
  }
  const asked = (message: string, given: string | undefined) =>
    given !== undefined || !canAsk ? Effect.succeed(given ?? "") : answered(Prompt.String({ message }))
  const hidden = (message: string) =>
    canAsk && input.credentialCommand === undefined
      ? answered(Prompt.Hidden({ message }))
      : Effect.succeed(Redacted.make(""))
  const baseUrl = yield* asked("URL of PrivX, e.g. https://privx.example.com", input.baseUrl)
  const clientId = yield* asked("API Client ID", input.clientId)
  const clientSecret = yield* hidden("API Client Secret")
  const oauthClientSecret = yield* hidden("OAuth Client Secret")
  const caFile = yield* asked("PEM file with the CA of PrivX, if it is a private one", input.caFile)
  return {
    baseUrl,
    clientId,
    clientSecret,
    oauthClientSecret,
    credentialCommand: input.credentialCommand ?? "",
    ca: caFile === "" ? "" : yield* readFile(caFile)
  }
})

/** Ctrl-C stops the command. */
const answered = <A>(prompt: Prompt.Prompt<A>): Effect.Effect<A> =>
  Prompt.run(prompt).pipe(
    Effect.catch(() => Effect.interrupt),
    Effect.provide(NodeServices.layer)
  )

export const readFile = (file: string): Effect.Effect<string, StorageFailed> =>
  Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) })

const text = (answers: Answers): string => {
  const line = (name: string, value: string, example: string) =>
    value === "" ? `# ${name} = ${JSON.stringify(example)}` : `${name} = ${JSON.stringify(value)}`
  return `# Settings of privx-kit. Flags and environment variables have precedence over this file.
# Run "privx-kit help settings" for all settings and "privx-kit doctor" to check them.

[api]
# URL of PrivX.
${line("base_url", answers.baseUrl, "https://privx.example.com")}

# CA certificates to trust in addition to those of the system, as PEM text: privx-kit config set ca_file ca.pem
${answers.ca === "" ? '# api_ca_crt = """-----BEGIN CERTIFICATE-----…"""' : `api_ca_crt = ${ConfigFields.encode("ca_file", answers.ca)}`}

[auth]
# The API client: in PrivX, Settings > Deployment > Integrate with PrivX Using API Clients.
${line("api_client_id", answers.clientId, "API Client ID")}
${line("api_client_secret", Redacted.value(answers.clientSecret), "API Client Secret")}
${line("oauth_client_secret", Redacted.value(answers.oauthClientSecret), "OAuth Client Secret")}

# Instead of the secrets: a command that prints them as JSON, {"api_client_secret": "…", "oauth_client_secret": "…"}.
${line("credential_command", answers.credentialCommand, "my-password-manager read privx-kit")}
`
}
