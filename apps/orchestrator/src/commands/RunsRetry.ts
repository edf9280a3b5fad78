/** Carries a run that failed or was cancelled out again, as another attempt of the same run. */
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { kind as fleetKind } from "../fleet/FleetRun.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { RunEvents } from "../runs/RunEvents.ts"
import * as KeptRuns from "../settings/KeptRuns.ts"
import * as PrivxClient from "../settings/PrivxClient.ts"
import * as Settings from "../settings/Settings.ts"
import { type SetupResult, Setups } from "../Setups.ts"
import * as ResultView from "../terminal/ResultView.ts"
import * as RunView from "../terminal/RunView.ts"
import { Screen } from "../terminal/Screen.ts"
import type { ConnectionInput } from "./ConnectionFlags.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as FleetRetry from "./FleetRetry.ts"
import * as GoingOn from "./GoingOn.ts"
import * as Outcome from "./Outcome.ts"
import * as UebaSetup from "./UebaSetup.ts"
import * as Warnings from "./Warnings.ts"

export interface Input extends ConnectionInput, Globals {
  /** Id, or its beginning. */
  readonly runId: string
  /** Where the run waits for approval. */
  readonly wait: boolean
  readonly json: boolean
}

/** A fleet run has a file that says how its hosts are reached; of a set-up, the settings do. */
export const run = (input: Input) =>
  Effect.flatMap(isOfFleet(input), (is) =>
    is ? FleetRetry.run({ ...input, file: undefined, all: false }) : setup(input)
  )

const isOfFleet = (input: Input) =>
  RunAccess.find(input.runId).pipe(
    Effect.map(({ kind }) => kind === fleetKind),
    Effect.provide(RunAccess.layer(Settings.dataFolder(input, Settings.thisHost()).path, "read")),
    // What is wrong with it is said where the run is wanted.
    Effect.orElseSucceed(() => false)
  )

const setup = (input: Input) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const { err } = yield* Screen
    const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
    const kept = yield* KeptRuns.resolve(Settings.thisHost())
    yield* Warnings.show(warnings, err)
    const whole = yield* UebaSetup.whole(input.runId, settings.dataDir)
    runId = whole
    const view = yield* RunView.make(err, whole)
    return yield* Effect.flatMap(Setups, (setups) =>
      setups.retry({ target: settings.baseUrl, runId: whole, noWait: !input.wait })
    ).pipe(
      Effect.provide(
        Setups.layer({ dataDir: settings.dataDir, target: settings.baseUrl }).pipe(
          Layer.provide(Ueba.layer()),
          Layer.provide(PrivxClient.layer(settings, input)),
          Layer.provide(Layer.succeed(RunEvents, view.observe)),
          Layer.provide(KeptRuns.layer(kept))
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
      context: (ended) => GoingOn.context(input, runId, ended)
    })
  )
}
