/** Collects the data for a problem report in one file, without secrets. */
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Run from "@privx-kit/runs/Run"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as Settings from "@privx-kit/settings/Settings"
import * as TomlFile from "@privx-kit/settings/TomlFile"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { RunClient } from "../../client/RunClient.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "../runs/RunClientLayer.ts"
import { versions } from "../VersionCommand.ts"
import * as DoctorReport from "./DoctorReport.ts"

export interface Input extends DoctorReport.Input {
  readonly file: string | undefined
}

/** The end of each log. */
const logBytes = 16_384

const mostLogs = 5

export const run = (version: string, input: Input) =>
  collect(version, input).pipe(
    Outcome.report<{ readonly file: string }>({
      command: "support-bundle",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ({ file }, out) =>
        out.line(
          `Wrote ${file}. Secrets are redacted, but it names hosts, files and people: read it before you share it.`
        )
    })
  )

const collect = Effect.fnUntraced(function* (version: string, input: Input) {
  const file = path.resolve(input.file ?? "privx-kit-support.json")
  const host = Settings.thisHost()
  const doctor = yield* DoctorReport.examine(input)
  const bundle = {
    format: 1,
    created: new Date().toISOString(),
    versions: yield* versions(version),
    doctor: DoctorReport.toJson(doctor),
    // Names only, so that a variable that was set by mistake is visible.
    variables: Object.keys(host.environment)
      .filter((name) => /^(PRIVX_|NODE_|XDG_)|proxy$/i.test(name))
      .toSorted(),
    runs: yield* recentRuns(input),
    logs: yield* Effect.tryPromise({
      try: () => executionLogs(doctor.inspection.dataDir),
      catch: fromSystem(doctor.inspection.dataDir)
    })
  }
  const secrets = yield* secretsOf(input, host)
  const text = redacted(`${JSON.stringify(bundle, undefined, 2)}\n`, secrets)
  yield* DurableFile.write(file, new TextEncoder().encode(text), { owner: "support" })
  return { file }
})

/** The runs, or why they cannot be listed: the bundle is most needed when something is broken. */
const recentRuns = (input: Input) =>
  RunClient.use((client) =>
    client.list({ status: [], target: undefined, since: undefined, limit: 50, parts: true })
  ).pipe(
    Effect.provide(RunClientLayer.layer(input)),
    Effect.match({
      onSuccess: (runs): unknown => runs.map((run) => Run.toJson({ ...run, result: null })),
      onFailure: ({ _tag, message }) => ({ failed: _tag, message })
    })
  )

const executionLogs = async (dataDir: string) => {
  const directory = path.join(dataDir, "executions")
  const files = await fs.readdir(directory, { recursive: true }).catch((): ReadonlyArray<string> => [])
  const logs = await Promise.all(
    files
      .filter((file) => file.endsWith(".log"))
      .map(async (file) => ({ file, time: (await fs.stat(path.join(directory, file))).mtimeMs }))
  )
  return Promise.all(
    logs
      .toSorted((one, other) => other.time - one.time)
      .slice(0, mostLogs)
      .map(async ({ file }) => ({
        file,
        end: (await fs.readFile(path.join(directory, file), "utf8")).slice(-logBytes)
      }))
  )
}

const ownSecrets = [
  Catalogue.ownEnvironment.serverToken.name,
  Catalogue.ownEnvironment.playbackSession.name,
  Catalogue.ownEnvironment.databaseUrl.name
]

/** Every secret that this process knows. */
const secretsOf = Effect.fnUntraced(function* (input: Input, host: Settings.Host) {
  const config = yield* TomlFile.read(Settings.configFile(input, host).path, false)
  const keys = Catalogue.keys.filter((key) => Catalogue.get(key).secret)
  return [
    ...keys.flatMap((key) => Catalogue.get(key).environment.map((name) => host.environment[name])),
    ...keys.map((key) => config.values.get(key)),
    ...ownSecrets.map((name) => host.environment[name]),
    // The passwords of a proxy and in a database URL.
    ...Object.entries(host.environment)
      .filter(([name]) => /proxy$|_URL$/i.test(name))
      .map(([, value]) => passwordOf(value ?? ""))
  ].filter((secret) => secret !== undefined && secret.length >= 4)
})

const passwordOf = (url: string): string | undefined => {
  const password = URL.parse(url)?.password
  return password === undefined || password === "" ? undefined : decodeURIComponent(password)
}

const redacted = (text: string, secrets: ReadonlyArray<string | undefined>): string =>
  secrets
    .reduce<string>(
      // The JSON form of the secret.
      (result, secret) => result.replaceAll(JSON.stringify(secret ?? "").slice(1, -1), "(redacted)"),
      text
    )
    // Tokens that another program has printed into a log.
    .replace(/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, "$1 (redacted)")
    .replace(/\bpxk_\w+/g, "(redacted)")
