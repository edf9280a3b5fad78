/** Retries a failed or cancelled run, as another attempt of the same run. */
import * as EmbeddedRuntime from "../../EmbeddedRuntime.ts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { kind as fleetKind } from "../../fleet/FleetRun.ts"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import * as Run from "@privx-kit/runs/Run"
import * as RunActions from "@privx-kit/runs/RunActions"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { kind as setupKind } from "../../setup/SetupRun.ts"
import * as RunDetails from "../views/RunDetails.ts"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import * as RetentionSetting from "../flags/RetentionSetting.ts"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import { type SetupResult, Setups } from "../../setup/Setups.ts"
import * as ResultView from "../views/ResultView.ts"
import * as RunView from "../views/RunView.ts"
import { Screen } from "../../terminal/Screen.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as FleetRetry from "../fleet/FleetRetry.ts"
import * as ResumeCommand from "../ueba/ResumeCommand.ts"
import * as Outcome from "../Outcome.ts"
import * as UnfinishedRuns from "./UnfinishedRuns.ts"
import * as UebaSetup from "../ueba/UebaSetup.ts"
import * as Warnings from "../Warnings.ts"

export interface Input extends ConnectionInput, Globals {
  /** The id or its beginning. */
  readonly runId: string
  /** Whether to wait while the run waits for approval. */
  readonly wait: boolean
  readonly json: boolean
}

/** A fleet run reads the connection settings of its hosts from its file; runs of other kinds read the settings. */
export const run = (input: Input) =>
  Effect.flatMap(kindOf(input), (kind) => {
    switch (kind) {
      case fleetKind:
        return FleetRetry.run({ ...input, file: undefined, all: false })
      case setupKind:
      case undefined:
        return setup(input)
      default:
        return other(input)
    }
  })

const kindOf = (input: Input) =>
  RunAccess.find(input.runId).pipe(
    Effect.map(({ kind }) => kind),
    Effect.provide(RunAccess.layer(Settings.dataDirectory(input, Settings.thisHost()).path, "read")),
    // Problems of the record are reported where the run is used.
    Effect.orElseSucceed(() => undefined)
  )

/** A run of a kind that the domain of another project adds. */
const other = (input: Input) =>
  Effect.gen(function* () {
    const { err } = yield* Screen
    const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
    yield* Warnings.show(warnings, err)
    const view = yield* RunView.make(err)
    return yield* Effect.gen(function* () {
      const executor = yield* RunExecutor
      const run = yield* RunActions.find(input.runId)
      yield* executor.retryAny(run, { noWait: !input.wait, onRun: view.follow })
      return yield* RunActions.find(run.id)
    }).pipe(
      Effect.provide(
        EmbeddedRuntime.layer({ dataDir: settings.dataDir }).pipe(
          Layer.provide(PrivxHosts.single(settings.baseUrl)),
          Layer.provide(PrivxClient.layer(settings, input)),
          Layer.provide(Layer.succeed(RunEvents, view.observe))
        )
      )
    )
  }).pipe(
    Effect.scoped,
    Outcome.report<Run.Run>({
      command: "runs retry",
      json: input.json,
      verbose: input.verbose,
      toJson: Run.toJson,
      toPerson: RunDetails.show
    })
  )

const setup = (input: Input) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const { err } = yield* Screen
    const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
    const kept = yield* RetentionSetting.resolve(Settings.thisHost())
    yield* Warnings.show(warnings, err)
    const whole = yield* UebaSetup.whole(input.runId, settings.dataDir)
    runId = whole
    const view = yield* RunView.make(err, whole)
    return yield* Effect.flatMap(Setups, (setups) =>
      setups.retry({ target: settings.baseUrl, runId: whole, noWait: !input.wait })
    ).pipe(
      Effect.provide(
        EmbeddedRuntime.layerSetups({ dataDir: settings.dataDir, target: settings.baseUrl }).pipe(
          Layer.provide(PrivxClient.layer(settings, input)),
          Layer.provide(Layer.succeed(RunEvents, view.observe)),
          Layer.provide(RetentionSetting.layer(kept)),
          Layer.provide(UnfinishedRuns.own(new Set([whole])))
        )
      )
    )
  }).pipe(
    Effect.scoped,
    Outcome.report<SetupResult>({
      command: "runs retry",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ResultView.show,
      context: (ended) => ResumeCommand.context(input, runId, ended)
    })
  )
}
