/** Carries a UEBA set-up through as a durable run, and tells how it went. */
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Execution from "../artifacts/Execution.ts"
import { make as makeOperator, Operator } from "../artifacts/Operator.ts"
import * as SigningKey from "../artifacts/SigningKey.ts"
import type { RequireApproval } from "../runs/Approvals.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { RunEvents } from "../runs/RunEvents.ts"
import * as PolicyFile from "../settings/PolicyFile.ts"
import * as KeptRuns from "../settings/KeptRuns.ts"
import * as PrivxClient from "../settings/PrivxClient.ts"
import * as Settings from "../settings/Settings.ts"
import { type SetupResult, Setups } from "../Setups.ts"
import * as ExecutionView from "../terminal/ExecutionView.ts"
import * as ResultView from "../terminal/ResultView.ts"
import * as RunView from "../terminal/RunView.ts"
import { Screen } from "../terminal/Screen.ts"
import type { ConnectionInput } from "./ConnectionFlags.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as GoingOn from "./GoingOn.ts"
import * as HandOver from "./HandOver.ts"
import type { HandOverInput } from "./HandOverFlags.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"
import * as Warnings from "./Warnings.ts"

export interface Input extends ConnectionInput, Globals, HandOverInput {
  readonly output: string | undefined
  readonly sha256: string | undefined
  readonly maxBytes: number | undefined
  /** The file that has it. */
  readonly policy: string | undefined
  readonly runId: string | undefined
  readonly fresh: boolean
  readonly idempotencyKey: string | undefined
  readonly requireApproval: RequireApproval
  /** Where the run waits for approval. */
  readonly wait: boolean
  readonly authorizeDownload: boolean
  readonly json: boolean
}

/** The result of the run, and what became of the script afterwards. */
interface Ended extends HandOver.HandedOver {
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
    // What is drawn over ends before anything is said about the outcome.
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
        ResultView.show(result, input.stdout ? err : out).pipe(
          Effect.andThen(ExecutionView.show(execution, input.stdout ? err : out))
        ),
      exitName: ({ execution }) => ExecutionView.exitName(execution),
      context: (ended) =>
        GoingOn.context({ ...input, handOver: input }, view?.runId() ?? input.runId, ended, executing?.log)
    })
  )
})

const setup = Effect.fnUntraced(function* (
  input: Input,
  view: RunView.RunView,
  onExecution: (begun: Execution.Record) => void
) {
  const { err } = yield* Screen
  if (input.runId !== undefined) {
    const contradictory = contradictions(input)
    if (contradictory.length > 0) {
      return yield* new UsageError({
        command: "privx-kit ueba setup",
        problems: [
          `--run continues a run with the inputs that it was begun with: leave out ${contradictory.join(", ")}.`
        ]
      })
    }
  }
  const { owner, signingKey } = yield* HandOver.prepare(input)
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  const kept = yield* KeptRuns.resolve(Settings.thisHost())
  const policy = input.policy === undefined ? undefined : yield* PolicyFile.read(input.policy)
  yield* Warnings.show(warnings, err)
  const runId = input.runId === undefined ? undefined : yield* whole(input.runId, settings.dataDir)
  const result = yield* Effect.flatMap(Setups, (setups) =>
    setups.run({
      target: settings.baseUrl,
      runId,
      fresh: input.fresh,
      idempotencyKey: input.idempotencyKey,
      requireApproval: input.requireApproval,
      noWait: !input.wait,
      onRun: view.follow,
      output: input.output,
      sha256: input.sha256,
      maxBytes: input.maxBytes,
      policy,
      mode: input.mode,
      owner
    })
  ).pipe(
    Effect.provide(
      Setups.layer({ dataDir: settings.dataDir, target: settings.baseUrl }).pipe(
        Layer.provide(Ueba.layer({ authorizeDownload: input.authorizeDownload })),
        Layer.provide(PrivxClient.layer(settings, input)),
        Layer.provide(Layer.succeed(RunEvents, view.observe)),
        Layer.provide(KeptRuns.layer(kept)),
        Layer.provide(Layer.succeed(SigningKey.Given, signingKey)),
        Layer.provide(Layer.succeed(Operator, makeOperator(input.operator)))
      )
    )
  )
  const handedOver = yield* HandOver.carryOut(input, settings.dataDir, result, onExecution).pipe(
    Effect.provideService(SigningKey.Given, signingKey)
  )
  return { result, ...handedOver }
})

/** The id that is meant by the beginning of one. */
export const whole = (runId: string, dataDir: string) =>
  RunAccess.find(runId).pipe(
    Effect.provide(RunAccess.layer(dataDir, "read")),
    Effect.map(({ id }) => id)
  )

const contradictions = (input: Input): ReadonlyArray<string> => [
  ...(input.fresh ? ["--new"] : []),
  ...(input.idempotencyKey === undefined ? [] : ["--idempotency-key"]),
  ...(input.requireApproval === "never" ? [] : ["--require-approval"]),
  ...(input.output === undefined ? [] : ["--output"]),
  ...(input.sha256 === undefined ? [] : ["--sha256"]),
  ...(input.maxBytes === undefined ? [] : ["--max-bytes"]),
  ...(input.policy === undefined ? [] : ["--policy"]),
  ...(input.mode === undefined ? [] : ["--mode"]),
  ...(input.owner === undefined ? [] : ["--owner"])
]
