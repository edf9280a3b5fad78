/** Runs the simulator until it is interrupted, and says how to talk to it. */
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
import { type Pane, Screen } from "../terminal/Screen.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"

export interface Input extends Globals {
  readonly port: number
  readonly tls: boolean
  readonly caFile: string | undefined
  readonly faults: ReadonlyArray<string>
  readonly scriptBytes: number | undefined
  readonly json: boolean
}

/** What somebody needs to know to use it. */
interface Running {
  readonly url: string
  readonly caFile: string | undefined
  /** In the order in which they are printed. */
  readonly environment: Readonly<Record<string, string>>
  readonly scriptSha256: string
}

export const run = Effect.fnUntraced(function* (input: Input) {
  const report = Outcome.report<never>({
    command: "simulate",
    json: input.json,
    verbose: input.verbose,
    toJson: (never) => never,
    toPerson: (never) => never,
    endless: true
  })
  yield* report(Effect.andThen(start(input), Effect.never))
}, Effect.scoped)

const start = Effect.fnUntraced(function* (input: Input) {
  const { err, out } = yield* Screen
  if (input.caFile !== undefined && !input.tls) {
    return yield* new UsageError({
      command: "privx-kit simulate",
      problems: ["--ca-out has a meaning only with --tls."]
    })
  }
  const simulator = yield* Simulator.make({
    port: input.port,
    tls: input.tls,
    faults: input.faults,
    ...(input.scriptBytes === undefined
      ? undefined
      : {
          script: yield* scriptOf(input.scriptBytes),
          // A shorter one than usual has no room for it.
          ...(input.scriptBytes < SetupScript.text.length ? undefined : { configuration: SetupScript.configuration })
        }),
    onRequest: (request) => err.line(requestLine(request, err))
  })
  const session = yield* simulator.addPlaybackSession()
  const ca = simulator.ca.join("")
  const caFile = ca === "" ? undefined : yield* writeCa(ca, input.caFile)
  const { clientId, clientSecret, oauthClientId, oauthClientSecret } = simulator.apiClient
  const running: Running = {
    url: simulator.url.origin,
    caFile,
    environment: {
      PRIVX_API_BASE_URL: simulator.url.origin,
      ...(caFile === undefined ? undefined : { PRIVX_API_CA_FILE: caFile }),
      PRIVX_API_CLIENT_ID: clientId,
      PRIVX_API_CLIENT_SECRET: Redacted.value(clientSecret),
      PRIVX_API_OAUTH_CLIENT_ID: oauthClientId,
      PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(oauthClientSecret),
      PRIVX_PLAYBACK_SESSION_ID: Redacted.value(session)
    },
    scriptSha256: simulator.scriptSha256
  }
  yield* input.json ? out.line(Outcome.document("simulate", { result: running })) : show(running, input, out)
})

const scriptOf = (bytes: number) =>
  Effect.try({
    try: () => SetupScript.ofSize(bytes),
    catch: (error) =>
      new UsageError({
        command: "privx-kit simulate",
        problems: [`--script-bytes: ${error instanceof Error ? error.message : "not possible"}.`]
      })
  })

/** A file of one's own choice stays; a temporary one goes with the simulator, whose CA nobody needs afterwards. */
const writeCa = (pem: string, file: string | undefined): Effect.Effect<string, StorageFailed, Scope.Scope> => {
  if (file !== undefined) {
    const target = path.resolve(file)
    return Effect.as(Effect.tryPromise({ try: () => fs.writeFile(target, pem), catch: fromSystem(target) }), target)
  }
  const folder = Effect.acquireRelease(
    Effect.tryPromise({ try: () => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-")), catch: fromSystem(os.tmpdir()) }),
    (folder) => Effect.promise(() => fs.rm(folder, { recursive: true, force: true }))
  )
  return Effect.flatMap(folder, (folder) => writeCa(pem, path.join(folder, "simulator-ca.pem")))
}

const show = Effect.fnUntraced(function* (running: Running, input: Input, out: Pane) {
  const { style } = out
  yield* out.line(`${style.bold("PrivX simulator")} ${style.dim(style.sign.dot)} ${running.url}`)
  yield* out.line()
  yield* out.line("In another terminal (made up for this run, worth nothing elsewhere):")
  yield* out.line()
  for (const [name, value] of Object.entries(running.environment)) {
    yield* out.line(`  export ${style.cyan(name)}=${quoted(value)}`)
  }
  yield* out.line()
  yield* out.line("  privx-kit doctor")
  yield* out.line("  privx-kit ueba setup --output ./ueba")
  yield* out.line("  privx-kit playback reauthenticate")
  yield* out.line()
  for (const fault of input.faults) yield* out.line(`${style.yellow(style.sign.warning)} fault ${fault}`)
  yield* out.line(style.dim("Requests are shown below. Ctrl-C ends it."))
})

const quoted = (value: string): string =>
  /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`

/** The path of the endpoint, not what was asked: a session id may stand in that. */
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
