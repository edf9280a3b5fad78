/** Executes a UEBA setup as a durable run, and reports the result. */
import * as EmbeddedRuntime from "../../EmbeddedRuntime.ts"
import * as UebaOperations from "../../setup/UebaOperations.ts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Execution from "../../setup/ScriptExecution.ts"
import { make as makeOperator, Operator } from "@privx-kit/artifacts/Operator"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import * as RetentionSetting from "../flags/RetentionSetting.ts"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import * as SetupSubmission from "../../setup/SetupSubmission.ts"
import { type SetupRequest, type SetupResult, Setups } from "../../setup/Setups.ts"
import * as ExecutionView from "../views/ExecutionView.ts"
import * as ResultView from "../views/ResultView.ts"
import * as RunView from "../views/RunView.ts"
import { Screen } from "../../terminal/Screen.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as UnfinishedRuns from "../runs/UnfinishedRuns.ts"
import * as ResumeCommand from "./ResumeCommand.ts"
import * as ScriptHandoff from "./ScriptHandoff.ts"
import type { HandoffInput } from "./ScriptHandoffFlags.ts"
import type * as SetupFlags from "./SetupFlags.ts"
import * as SetupFlagValues from "./SetupFlagValues.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"
import * as Warnings from "../Warnings.ts"

export interface Input extends ConnectionInput, Globals, HandoffInput, SetupFlags.Input {
  readonly runId: string | undefined
  readonly fresh: boolean
  readonly idempotencyKey: string | undefined
  /** Whether to wait while the run waits for approval. */
  readonly wait: boolean
  readonly authorizeDownload: boolean
  readonly json: boolean
}

/** The result of the run, and of the handoff of the script. */
interface Ended extends ScriptHandoff.HandedOff {
  readonly result: SetupResult
}

export const run = Effect.fnUntraced(function* (input: Input) {
  const { err } = yield* Screen
  let view: RunView.RunView | undefined
  let executing: Execution.Record | undefined
  return yield* RunView.make(err).pipe(
    Effect.tap((made) =>
      Effect.sync(() => {
        view = made
      })
    ),
    Effect.flatMap((view) =>
      setup(input, view, (record) => {
        executing = record
      })
    ),
    // The live lines end before the outcome is reported.
    Effect.scoped,
    Outcome.report<Ended>({
      command: "ueba setup",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ execution, result }) => ({
        ...result,
        ...(execution === undefined ? undefined : { execution: ExecutionView.toJson(execution) })
      }),
      toPerson: ({ execution, result }, out) =>
        ResultView.show(result, input.stdout ? err : out, input.verbose).pipe(
          Effect.andThen(ExecutionView.show(execution, input.stdout ? err : out))
        ),
      exitName: ({ execution }) => ExecutionView.exitName(execution),
      context: (ended) =>
        ResumeCommand.context({ ...input, handOver: input }, view?.runId() ?? input.runId, ended, executing?.log)
    })
  )
})

const setup = Effect.fnUntraced(function* (
  input: Input,
  view: RunView.RunView,
  onExecution: (execution: Execution.Record) => void
) {
  const { err } = yield* Screen
  if (input.runId !== undefined) {
    const contradictory = SetupFlagValues.ofNew(input)
    if (contradictory.length > 0) {
      return yield* new UsageError({
        command: "privx-kit ueba setup",
        problems: [`--run resumes a run with its recorded inputs: leave out ${contradictory.join(", ")}.`]
      })
    }
  }
  const { owner, signingKey } = yield* ScriptHandoff.prepare(input)
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  const kept = yield* RetentionSetting.resolve(Settings.thisHost())
  const inputs = yield* SetupFlagValues.requested(input, owner)
  yield* Warnings.show(warnings, err)
  yield* ScriptHandoff.reportOrphans(settings.dataDir)
  const runId = input.runId === undefined ? undefined : yield* whole(input.runId, settings.dataDir)
  const request: SetupRequest = {
    ...inputs,
    target: settings.baseUrl,
    runId,
    fresh: input.fresh,
    idempotencyKey: input.idempotencyKey,
    noWait: !input.wait
  }
  const asked = new Set(yield* recordedId(request, settings.dataDir, input.dataDir))
  const onRun = (id: string) =>
    Effect.andThen(
      Effect.sync(() => asked.add(id)),
      view.follow(id)
    )
  const result = yield* Effect.flatMap(Setups, (setups) => setups.run({ ...request, onRun })).pipe(
    Effect.provide(
      EmbeddedRuntime.layerSetups({ dataDir: settings.dataDir, target: settings.baseUrl }).pipe(
        Layer.provide(UebaOperations.layer({ authorizeDownload: input.authorizeDownload })),
        Layer.provide(PrivxClient.layer(settings, input)),
        Layer.provide(Layer.succeed(RunEvents, view.observe)),
        Layer.provide(RetentionSetting.layer(kept)),
        Layer.provide(UnfinishedRuns.own(asked)),
        Layer.provide(Layer.succeed(SigningKey.Given, signingKey)),
        Layer.provide(Layer.succeed(Operator, makeOperator(input.operator)))
      )
    )
  )
  const handedOff = yield* ScriptHandoff.handOff(input, settings.dataDir, result, onExecution).pipe(
    Effect.provideService(SigningKey.Given, signingKey)
  )
  return { result, ...handedOff }
})

/** The recorded run that a request selects, if there is one. Lists every other unfinished run. */
const recordedId = Effect.fnUntraced(function* (request: SetupRequest, dataDir: string, given: string | undefined) {
  return yield* Effect.gen(function* () {
    const found = request.runId ?? (yield* SetupSubmission.find(request))?.id
    const ids = found === undefined ? [] : [found]
    yield* UnfinishedRuns.report(new Set(ids), given)
    return ids
  }).pipe(Effect.provide(RunAccess.layer(dataDir, "read")))
})

/** The id that begins with the given text. */
export const whole = (runId: string, dataDir: string) =>
  RunAccess.find(runId).pipe(
    Effect.provide(RunAccess.layer(dataDir, "read")),
    Effect.map(({ id }) => id)
  )
