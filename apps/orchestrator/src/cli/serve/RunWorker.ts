/** Executes runs of a cluster until it is interrupted, and reports each run that ends here. */
import "../CompiledSchemas.ts"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import * as Operator from "@privx-kit/artifacts/Operator"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import * as ClusterWorker from "../../worker/ClusterWorker.ts"
import * as Demands from "../../setup/Demands.ts"
import { Database } from "@privx-kit/durable/Database"
import * as FleetFile from "../../fleet/FleetFile.ts"
import { kind as fleetKind } from "../../fleet/FleetRun.ts"
import { FleetPrivxHosts } from "../../fleet/FleetPrivxHosts.ts"
import { type RunEvent, RunEvents } from "@privx-kit/runs/RunEvents"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as DatabaseUrl from "../flags/DatabaseUrl.ts"
import * as RetentionSetting from "../flags/RetentionSetting.ts"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import { ListenFailed } from "../../server/ListenFailed.ts"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { brief } from "../../setup/SetupFailure.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import * as HostPolicyLayer from "../fleet/HostPolicyLayer.ts"
import type * as FleetHostsFlags from "../fleet/FleetHostsFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as MinimumPolicyFlags from "../flags/MinimumPolicyFlags.ts"
import * as Interruption from "../Interruption.ts"
import * as Outcome from "../Outcome.ts"
import * as SmallHeap from "../SmallHeap.ts"
import { UsageError } from "../UsageError.ts"
import * as Warnings from "../Warnings.ts"
import * as RoleScript from "./RoleScript.ts"

export interface Input extends ConnectionInput, Globals, FleetHostsFlags.Input, MinimumPolicyFlags.Input {
  readonly databaseUrl: string | undefined
  readonly hosts: ReadonlyArray<string>
  readonly concurrency: number
  readonly advertise: string
  readonly listen: string | undefined
  readonly signingKey: string | undefined
  readonly json: boolean
}

const command = "worker"

export const run = (input: Input) =>
  work(input).pipe(
    Outcome.report<never>({
      command,
      json: input.json,
      compact: true,
      verbose: input.verbose,
      toJson: (never) => never,
      toPerson: (never) => never,
      context: RoleScript.context,
      endless: true
    })
  )

const work = Effect.fnUntraced(function* (input: Input) {
  SmallHeap.keep()
  const { err, out } = yield* Screen
  const surroundings = Settings.thisHost()
  const databaseUrl = yield* DatabaseUrl.resolve(input.databaseUrl, surroundings)
  const address = yield* addressOf(input)
  const key = input.signingKey ?? process.env[Catalogue.ownEnvironment.signingKey.name] ?? ""
  const signingKey = key === "" ? undefined : yield* SigningKey.load(path.resolve(key))
  const minimum = yield* MinimumPolicyFlags.read(input)
  const targets = yield* targetsOf(input, err)
  const tell = reporter(input, out)
  const kept = RetentionSetting.layer(yield* RetentionSetting.resolve(surroundings))
  const begin = Effect.gen(function* () {
    const { bold, dim, sign } = err.style
    const { name } = yield* Database
    yield* err.line(
      `${bold("privx-kit worker")} ${dim(sign.dot)} ${name} ${dim(sign.dot)} ${targets.title} ${dim(sign.dot)} ` +
        `${input.concurrency} runs at a time`
    )
    Interruption.expectSignal()
    return yield* Effect.provide(ClusterWorker.work(input), kept)
  })
  return yield* begin.pipe(
    Effect.provide(
      ClusterWorker.layer({
        ...address,
        databaseUrl,
        concurrency: input.concurrency,
        keyDirectory: Settings.dataDirectory(input, surroundings).path
      }).pipe(
        Layer.provide([targets.layer, HostPolicyLayer.layer(input)]),
        Layer.provide([Layer.succeed(Demands.Minimum, minimum), Layer.succeed(Operator.Operator, Operator.ofServer)]),
        Layer.provide(Layer.succeed(RunEvents, tell)),
        Layer.provide(Layer.succeed(SigningKey.Given, signingKey))
      )
    ),
    Effect.catchTag("SocketServerError", (error) =>
      Effect.fail(new ListenFailed({ address: input.listen ?? input.advertise, detail: error.message }))
    )
  )
})

/** `host`, `host:port` or `[address]:port`. */
const addressOf = Effect.fnUntraced(function* ({ advertise, listen }: Input) {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(advertise)
  const port = match?.[3] === undefined ? undefined : Number(match[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || (port !== undefined && (port === 0 || port > 65_535))) {
    return yield* new UsageError({
      command: "privx-kit worker",
      problems: [`--advertise ${advertise} is not HOST or HOST:PORT.`]
    })
  }
  return { host, port, listenHost: listen }
})

/** The hosts of the runs: those of the files, or the host of the settings. */
const targetsOf = Effect.fnUntraced(function* (input: Input, err: Pane) {
  const surroundings = Settings.thisHost()
  if (input.hosts.length === 0) {
    // Submitted fleets name their own hosts.
    const { partial } = yield* Settings.inspect(input, surroundings)
    if (partial.baseUrl === undefined && input.fleetHosts.length > 0) {
      const layer: Layer.Layer<PrivxHosts> = FleetPrivxHosts.layer([])
      return { title: `hosts of fleets: ${input.fleetHosts.join(", ")}`, layer }
    }
    const { settings, warnings } = yield* Settings.resolve(input, surroundings)
    yield* Warnings.show(warnings, err)
    const layer: Layer.Layer<PrivxHosts> = PrivxHosts.single(settings.baseUrl).pipe(
      Layer.provide(PrivxClient.layer(settings, input))
    )
    return { title: settings.baseUrl.origin, layer }
  }
  const fleets = yield* Effect.forEach(input.hosts, (file) => FleetFile.read(file, surroundings))
  yield* Warnings.show(
    fleets.flatMap(({ warnings }) => warnings),
    err
  )
  const layer: Layer.Layer<PrivxHosts> = FleetPrivxHosts.layer(fleets.map(({ fleet }) => fleet))
  const count = fleets.reduce((sum, { fleet }) => sum + fleet.hosts.length, 0)
  return { title: `${count} hosts`, layer }
})

interface StartedRun {
  readonly target: string
  readonly at: number
  failure: string | undefined
}

/** Prints a line for each run that ends in this process. */
const reporter = ({ json }: Input, out: Pane) => {
  const startedRuns = new Map<string, StartedRun>()
  return (event: RunEvent): Effect.Effect<void> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (event._tag === "RunStarted" && event.kind !== fleetKind)
        startedRuns.set(event.runId, { target: event.target, at: now, failure: undefined })
      const run = startedRuns.get(event.runId)
      if (run === undefined) return
      if (event._tag === "StepFailed") run.failure = `${event.step}: ${brief(event.failure)}`
      if (event._tag !== "RunEnded" && event._tag !== "ApprovalAwaited") return
      startedRuns.delete(event.runId)
      const status = event._tag === "RunEnded" ? event.outcome : "waiting"
      const { failure, target } = run
      const millis = now - run.at
      yield* json
        ? out.line(
            Outcome.document(
              command,
              { result: { runId: event.runId, target, status, millis, failure: failure ?? null } },
              { compact: true }
            )
          )
        : out.line(line(out, status, event.runId, target, millis, failure))
    })
}

const line = (
  { style }: Pane,
  status: "succeeded" | "failed" | "cancelled" | "waiting",
  runId: string,
  target: string,
  millis: number,
  failure: string | undefined
): string => {
  const { dim, green, red, sign, yellow } = style
  const mark = {
    succeeded: green(sign.ok),
    failed: red(sign.failed),
    cancelled: dim(sign.skipped),
    waiting: yellow(sign.warning)
  }[status]
  const why = failure === undefined ? "" : `  ${failure}`
  return `${mark} ${runId.slice(0, 8)} ${status.padEnd(9)} ${Text.seconds(millis).padStart(8)}  ${target}${why}`
}
