/** Runs the whole kit against a simulator over HTTPS, for new users. */
import * as Failure from "@privx-kit/core/Failure"
import { RetryObserver } from "@privx-kit/http/RetryObserver"
import { Playback } from "@privx-kit/playback/Playback"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as EmbeddedRuntime from "../../EmbeddedRuntime.ts"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as ExitCode from "../ExitCode.ts"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import { type SetupResult, Setups } from "../../setup/Setups.ts"
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as ResultView from "../views/ResultView.ts"
import * as RunView from "../views/RunView.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

/** The maximum time of any wait of the demo. */
const limits: PrivxClient.Limits = { timeout: Duration.seconds(10), deadline: Duration.seconds(30) }

const overloaded = "createSession:503/MAX_LOAD*1,retry-after=1,message=too many requests at once"
const forbidden = "reauthenticate:403/PERMISSION_DENIED,message=role playback-user is missing"

export const run = (input: Globals) =>
  demo(input).pipe(
    Effect.scoped,
    Outcome.report<void>({
      command: "demo",
      json: false,
      verbose: input.verbose,
      toJson: () => ({}),
      toPerson: () => Effect.void
    })
  )

const demo = Effect.fnUntraced(function* (input: Globals) {
  const { out } = yield* Screen
  const { style } = out
  const started = performance.now()
  const directory = yield* workDirectory(input.dataDir)
  const simulator = yield* Simulator.make({ tls: true, faults: [overloaded] })
  const client = PrivxClient.layer(
    { baseUrl: simulator.url, ca: simulator.ca, credentials: { _tag: "ApiClient", ...simulator.apiClient } },
    limits
  )

  yield* out.line(
    `${style.bold("privx-kit demo")} ${style.dim(style.sign.dot)} a simulated PrivX at ${simulator.url.origin}, with a CA of its own`
  )
  yield* heading(out, 1, "The main job: UEBA setup. PrivX is overloaded at first, and the request is retried.")
  const result = yield* setup(directory, simulator.url, client, out)
  yield* ResultView.show(result, out, input.verbose)

  yield* heading(out, 2, "A playback connection is re-authenticated.")
  yield* reauthenticate(out, simulator).pipe(
    Effect.andThen(out.line(`  ${style.green(style.sign.ok)} re-authenticated`)),
    Effect.provide(Playback.layer().pipe(Layer.provide(client)))
  )

  yield* heading(
    out,
    3,
    "PrivX refuses another one: the request is not retried, and a program can catch the typed failure."
  )
  yield* simulator.setFaults([forbidden])
  yield* reauthenticate(out, simulator).pipe(
    Effect.catchTag("PermissionDenied", (denied) => showDenied(denied, out)),
    Effect.provide(Playback.layer().pipe(Layer.provide(client)))
  )

  yield* out.line()
  yield* out.line(
    `${style.green(style.sign.ok)} Done in ${Text.duration(performance.now() - started)}. The files are in ${directory}`
  )
  yield* next(out)
})

const heading = (out: Pane, number: number, text: string) =>
  Effect.andThen(out.line(), out.line(`${out.style.bold(`${number}.`)} ${text}`))

const setup = (directory: string, target: URL, client: ReturnType<typeof PrivxClient.layer>, out: Pane) =>
  Effect.gen(function* () {
    const view = yield* RunView.make(out)
    return yield* Effect.flatMap(Setups, (setups) =>
      setups.run({ target, fresh: true, output: path.join(directory, "delivered"), onRun: view.follow })
    ).pipe(
      Effect.provide(
        EmbeddedRuntime.layerSetups({ dataDir: path.join(directory, "data"), target }).pipe(
          Layer.provide(client),
          Layer.provide(Layer.succeed(RunEvents, view.observe))
        )
      )
    ) satisfies Effect.Effect<SetupResult, unknown, unknown>
  }).pipe(Effect.scoped)

const reauthenticate = Effect.fnUntraced(function* (out: Pane, simulator: Simulator["Service"]) {
  const playback = yield* Playback
  const session = yield* simulator.addPlaybackSession()
  yield* playback
    .reauthenticate(session)
    .pipe(
      Effect.provideService(RetryObserver, ({ attempt, delay, failure }) =>
        out.line(`  ${RunView.retryLine(out.style, { attempt, failure, delayMs: Duration.toMillis(delay) })}`)
      )
    )
})

const showDenied = Effect.fnUntraced(function* (
  denied: Parameters<typeof Failure.render>[0] & Parameters<typeof ExitCode.of>[0],
  out: Pane
) {
  const { cyan, dim, red, sign } = out.style
  yield* out.line(`  ${red(sign.failed)} ${denied.message}`)
  yield* out.line(`    ${denied.hint}`)
  yield* out.line(
    `    ${dim("In code")} ${cyan(`Effect.catchTag("${denied._tag}", …)`)}${dim(", on the command line exit code")} ${ExitCode.table[ExitCode.of(denied)].code}`
  )
})

const workDirectory = (dataDir: string | undefined) =>
  Effect.tryPromise({
    try: () =>
      dataDir === undefined
        ? fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-demo-"))
        : fs.mkdir(dataDir, { recursive: true }).then(() => path.resolve(dataDir)),
    catch: fromSystem(dataDir ?? os.tmpdir())
  })

const next = Effect.fnUntraced(function* (out: Pane) {
  const { bold, cyan } = out.style
  // If a package manager starts it from a checkout, the command is not on the PATH.
  const command = process.env["npm_lifecycle_event"] === undefined ? "privx-kit" : "npx --yes pnpm privx-kit"
  const rows = [
    ["simulate --tls", "a PrivX to try things against"],
    ["doctor", "check the settings for your own PrivX"],
    ["ueba setup --output ./ueba", "the job itself"],
    ["--help", "commands, settings, exit codes"]
  ].map(([args = "", what = ""]) => [cyan(`${command} ${args}`), what] as const)
  yield* out.line()
  yield* out.line(bold("Next"))
  for (const line of Text.columns(rows, { indent: 2, columns: out.columns(), maxLeft: 60 })) yield* out.line(line)
})
