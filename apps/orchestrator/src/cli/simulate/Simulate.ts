/** Runs the simulator until it is interrupted or a command against it ends, and prints its connection settings. */
import { Domains } from "../../domain/Domains.ts"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import type { RecordedRequest } from "@privx-kit/simulator/RecordedRequest"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import type * as ExitCode from "../ExitCode.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"
import * as SimulatedCommand from "./SimulatedCommand.ts"
import * as SimulatorFile from "./SimulatorFile.ts"

export interface Input extends Globals {
  readonly port: number | undefined
  readonly tls: boolean
  readonly caFile: string | undefined
  readonly writeConfig: string | undefined
  readonly login: Login
  /** If empty, the simulator runs until it is interrupted. */
  readonly command: ReadonlyArray<string>
  readonly faults: ReadonlyArray<string>
  readonly scriptBytes: number | undefined
  readonly json: boolean
}

type Login = "password" | "exchange" | "client-credentials"

/** The settings that a user needs to connect. */
interface Running {
  readonly url: string
  readonly caFile: string | undefined
  readonly configFile: string | undefined
  /** In print order. */
  readonly environment: Readonly<Record<string, string>>
  /** The user that can sign in on the page of the simulator: authorize, login, code. */
  readonly user: { readonly username: string; readonly password: string }
  readonly scriptSha256: string
}

export const run = Effect.fnUntraced(function* (input: Input) {
  const report = Outcome.report<ExitCode.Exit>({
    command: "simulate",
    json: input.json,
    verbose: input.verbose,
    toJson: () => ({}),
    // The command has printed its own result.
    toPerson: () => Effect.void,
    exitName: (exit) => exit,
    endless: true
  })
  yield* report(input.command.length > 0 ? withCommand(input) : endless(input))
}, Effect.scoped)

const endless = Effect.fnUntraced(function* (input: Input) {
  const { err, out } = yield* Screen
  const running = yield* start(input, (request) => err.line(requestLine(request, err)))
  yield* input.json ? out.line(Outcome.document("simulate", { result: running })) : show(running, input, out)
  return yield* Effect.never
})

/** The terminal belongs to the command, so requests are shown only with `--verbose`. */
const withCommand = Effect.fnUntraced(function* (input: Input) {
  const { err } = yield* Screen
  if (input.json) return yield* wrong("--json cannot be given together with a command.")
  const { environment } = yield* start(input, (request) =>
    input.verbose ? err.line(requestLine(request, err)) : Effect.void
  )
  return yield* SimulatedCommand.run(input.command, environment)
})

const wrong = (problem: string) => new UsageError({ command: "privx-kit simulate", problems: [problem] })

const start = Effect.fnUntraced(function* (input: Input, onRequest: (request: RecordedRequest) => Effect.Effect<void>) {
  if (input.caFile !== undefined && !input.tls) return yield* wrong("--ca-out requires --tls.")
  if (input.writeConfig !== undefined && input.login !== "password") {
    return yield* wrong("--write-config writes the settings of a password login: leave out --login.")
  }
  const configFile = input.writeConfig === undefined ? undefined : path.resolve(input.writeConfig)
  const kept = yield* SimulatorFile.read(configFile)
  const domains = yield* Effect.flatMap(Domains, ({ simulators }) => simulators)
  const simulator = yield* Simulator.make({
    domains,
    apiClient: kept.apiClient,
    port: input.port ?? kept.port ?? 0,
    tls: input.tls,
    faults: input.faults,
    ...(input.scriptBytes === undefined
      ? undefined
      : {
          script: yield* scriptOf(input.scriptBytes),
          // A script that is shorter than usual has no room for it.
          ...(input.scriptBytes < SetupScript.text.length ? undefined : { configuration: SetupScript.configuration })
        }),
    onRequest
  })
  const playbackSession = Redacted.value(yield* simulator.addPlaybackSession(kept.playbackSession))
  const ca = simulator.ca.join("")
  const caFile = ca === "" ? undefined : yield* writeCa(ca, input.caFile)
  const { apiClient } = simulator
  const url = simulator.url.origin
  if (configFile !== undefined) yield* SimulatorFile.write(configFile, { url, ca, apiClient, playbackSession })
  const running: Running = {
    url,
    caFile,
    configFile,
    environment: {
      PRIVX_API_BASE_URL: url,
      ...(caFile === undefined ? undefined : { PRIVX_API_CA_FILE: caFile }),
      ...credentialsOf(simulator, input.login),
      PRIVX_PLAYBACK_SESSION_ID: playbackSession
    },
    user: { username: simulator.user.username, password: Redacted.value(simulator.user.password) },
    scriptSha256: simulator.scriptSha256
  }
  return running
})

const credentialsOf = (
  { apiClient, exchangeToken }: Pick<Simulator["Service"], "apiClient" | "exchangeToken">,
  login: Login
): Readonly<Record<string, string>> => {
  const client = {
    PRIVX_API_CLIENT_ID: apiClient.clientId,
    PRIVX_API_CLIENT_SECRET: Redacted.value(apiClient.clientSecret)
  }
  switch (login) {
    case "password":
      return {
        ...client,
        PRIVX_API_OAUTH_CLIENT_ID: apiClient.oauthClientId,
        PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(apiClient.oauthClientSecret)
      }
    case "exchange":
      return { PRIVX_EXCHANGE_TOKEN: Redacted.value(exchangeToken) }
    case "client-credentials":
      return { ...client, PRIVX_API_CLIENT_DOMAIN: "privx-external" }
  }
}

const scriptOf = (bytes: number) =>
  Effect.try({
    try: () => SetupScript.ofSize(bytes),
    catch: (error) =>
      new UsageError({
        command: "privx-kit simulate",
        problems: [`--script-bytes: ${error instanceof Error ? error.message : "not possible"}.`]
      })
  })

/**
 * A file that the user chose remains. A temporary file is removed with the simulator, because its CA is then useless.
 */
const writeCa = (pem: string, file: string | undefined): Effect.Effect<string, StorageFailed, Scope.Scope> => {
  if (file !== undefined) {
    const target = path.resolve(file)
    return Effect.as(Effect.tryPromise({ try: () => fs.writeFile(target, pem), catch: fromSystem(target) }), target)
  }
  const directory = Effect.acquireRelease(
    Effect.tryPromise({ try: () => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-")), catch: fromSystem(os.tmpdir()) }),
    (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
  )
  return Effect.flatMap(directory, (directory) => writeCa(pem, path.join(directory, "simulator-ca.pem")))
}

const show = Effect.fnUntraced(function* (running: Running, input: Input, out: Pane) {
  const { style } = out
  yield* out.line(`${style.bold("PrivX simulator")} ${style.dim(style.sign.dot)} ${running.url}`)
  yield* out.line()
  if (running.configFile === undefined) {
    yield* out.line("In another terminal (random values, worth nothing elsewhere):")
    yield* out.line()
    for (const [name, value] of Object.entries(running.environment)) {
      yield* out.line(`  export ${style.cyan(name)}=${quoted(value)}`)
    }
    yield* out.line()
    for (const command of commands) yield* out.line(`  ${command}`)
    yield* out.line("  privx-kit playback reauthenticate")
    yield* out.line()
    const others = logins.filter((login) => login !== input.login).map((login) => `--login ${login}`)
    yield* out.line(`Other ways to log in: ${others.join(" or ")}.`)
    yield* out.line(`A user for the sign-in page: ${running.user.username}, with the password ${running.user.password}`)
  } else {
    yield* out.line("In another terminal:")
    yield* out.line()
    for (const command of commands) yield* out.line(`  ${command} --config ${quoted(running.configFile)}`)
  }
  yield* out.line()
  for (const fault of input.faults) yield* out.line(`${style.yellow(style.sign.warning)} fault ${fault}`)
  yield* out.line(style.dim("Requests are shown below. Press Ctrl-C to stop the simulator."))
})

const logins: ReadonlyArray<Login> = ["password", "exchange", "client-credentials"]

const commands = ["privx-kit doctor", "privx-kit ueba setup --output ./ueba"]

const quoted = (value: string): string =>
  /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`

/** The path of the endpoint instead of the requested path, which may contain a session id. */
const requestLine = (request: RecordedRequest, { style }: Pane): string => {
  const time = DateTime.formatIso(request.time).slice(11, 23)
  const status =
    request.status === undefined
      ? style.red("---")
      : (request.status < 400 ? style.green : style.red)(String(request.status))
  const what = `${request.method.padEnd(4)} ${request.operation ?? "unknown endpoint"}`
  const fault = request.fault === undefined ? "" : style.yellow(` fault ${request.fault.action._tag}`)
  return `${style.dim(time)} ${status} ${what}${fault}`
}
