/** Executes a bootstrap of UEBA as a durable run, or shows its plan. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import { nameOf, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Settings from "@privx-kit/settings/Settings"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import { Ueba } from "@privx-kit/ueba/Ueba"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import * as BootstrapFile from "../../bootstrap/BootstrapFile.ts"
import * as BootstrapPlan from "../../bootstrap/BootstrapPlan.ts"
import { type BootstrapInputs, type BootstrapResult, BootstrapRun } from "../../bootstrap/BootstrapRun.ts"
import { Content } from "../../bootstrap/BootstrapSchema.ts"
import { ScriptExecutor } from "../../bootstrap/ScriptExecutor.ts"
import * as EmbeddedRuntime from "../../EmbeddedRuntime.ts"
import { fromFile, toFile } from "../../setup/FieldNames.ts"
import * as PolicyFile from "../../setup/PolicyFile.ts"
import { Screen } from "../../terminal/Screen.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as RetentionSetting from "../flags/RetentionSetting.ts"
import * as Outcome from "../Outcome.ts"
import * as UnfinishedRuns from "../runs/UnfinishedRuns.ts"
import { UsageError } from "../UsageError.ts"
import * as RunView from "../views/RunView.ts"
import * as Warnings from "../Warnings.ts"
import * as BootstrapExecution from "./BootstrapExecution.ts"
import * as BootstrapView from "./BootstrapView.ts"
import { text } from "./ResumeCommand.ts"
import type * as SetupFlags from "./SetupFlags.ts"
import { readPem } from "./UebaConfig.ts"
import { whole } from "./UebaSetup.ts"

export interface Input
  extends ConnectionInput, Globals, Pick<SetupFlags.Input, "output" | "sha256" | "policy" | "requireApproval"> {
  readonly file: string | undefined
  readonly address: string | undefined
  readonly trustAnchors: string | undefined
  readonly name: string | undefined
  readonly start: string | undefined
  readonly end: string | undefined
  readonly minConnections: number | undefined
  readonly fewConnections: "stop" | "wait" | undefined
  readonly waitLimit: string | undefined
  readonly interval: string | undefined
  readonly until: BootstrapInputs["until"]
  readonly plan: boolean
  readonly execute: boolean
  readonly yes: boolean
  readonly executeAgain: boolean
  readonly executeTimeout: Duration.Duration
  readonly runId: string | undefined
  readonly fresh: boolean
  readonly wait: boolean
  readonly json: boolean
}

const command = "privx-kit ueba bootstrap"

export const run = (input: Input) => (input.plan ? plan(input) : bootstrap(input))

const plan = (input: Input) =>
  Effect.gen(function* () {
    const { err } = yield* Screen
    const inputs = yield* inputsOf(input)
    const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
    yield* Warnings.show(warnings, err)
    return yield* BootstrapPlan.make(inputs).pipe(
      Effect.provide(Ueba.layer().pipe(Layer.provide(PrivxClient.layer(settings, input))))
    )
  }).pipe(
    Outcome.report<BootstrapPlan.BootstrapPlan>({
      command: "ueba bootstrap",
      json: input.json,
      verbose: input.verbose,
      toJson: (plan) => plan,
      toPerson: BootstrapView.showPlan
    })
  )

const bootstrap = (input: Input) => {
  let runId = input.runId
  return Effect.gen(function* () {
    const { err } = yield* Screen
    const inputs = input.runId === undefined ? yield* inputsOf(input) : undefined
    const executor = yield* BootstrapExecution.prepare(input, command)
    const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
    const kept = yield* RetentionSetting.resolve(Settings.thisHost())
    yield* Warnings.show(warnings, err)
    runId = input.runId === undefined ? undefined : yield* whole(input.runId, settings.dataDir)
    const view = yield* RunView.make(err, runId)
    const asked = new Set(runId === undefined ? [] : [runId])
    const target = nameOf(settings.baseUrl)
    const options = {
      target,
      noWait: !input.wait,
      onRun: (id: string) =>
        Effect.suspend(() => {
          runId = id
          asked.add(id)
          return view.follow(id)
        })
    }
    return yield* Effect.flatMap(RunExecutor, (runs) =>
      inputs === undefined
        ? runs.resume(BootstrapRun, runId ?? "", options)
        : runs.run(BootstrapRun, { target, inputs, fresh: input.fresh }, options)
    ).pipe(
      Effect.provide(
        EmbeddedRuntime.layer({ dataDir: settings.dataDir }).pipe(
          Layer.provide(PrivxHosts.single(settings.baseUrl)),
          Layer.provide(PrivxClient.layer(settings, input)),
          Layer.provide(Layer.succeed(RunEvents, view.observe)),
          Layer.provide(RetentionSetting.layer(kept)),
          Layer.provide(UnfinishedRuns.own(asked)),
          Layer.provide(
            executor === undefined
              ? Layer.empty
              : Layer.succeed(ScriptExecutor, executor({ dataDir: settings.dataDir, err }))
          )
        )
      )
    )
  }).pipe(
    Effect.scoped,
    Outcome.report<BootstrapResult>({
      command: "ueba bootstrap",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: BootstrapView.show,
      context: (ended) => context(input, runId, ended)
    })
  )
}

/** The same settings, with the run id instead of its inputs. */
const context = (input: Input, runId: string | undefined, ended: "interrupted" | "failed"): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  if (ended === "failed") {
    return { fields: { runId }, advice: `To try it again: privx-kit runs retry ${runId.slice(0, 8)}` }
  }
  const resume = [
    `${command} --run ${runId}`,
    ...text("--base-url", input.baseUrl),
    ...input.caFiles.flatMap((file) => text("--ca-file", file)),
    ...text("--config", input.config),
    ...text("--data-dir", input.dataDir),
    ...(input.insecureHttp ? ["--insecure-http"] : []),
    ...(input.execute ? ["--execute"] : []),
    ...(input.json ? ["--json"] : [])
  ].join(" ")
  return { fields: { runId, resume }, advice: `Continue with: ${resume}` }
}

const inputsOf = (input: Input): Effect.Effect<BootstrapInputs, UsageError | SettingsError | StorageFailed> =>
  Effect.flatMap(contentOf(input), BootstrapFile.inputsOf)

/** The content of the file, overridden by the flags. */
export const contentOf = Effect.fnUntraced(function* (
  input: Input
): Effect.fn.Return<BootstrapFile.Given, UsageError | SettingsError | StorageFailed> {
  const { policy: policyFile, ...flags } = fromFile(yield* given(input))
  const { trustAnchors: pem, ...content } = input.file === undefined ? {} : yield* BootstrapFile.content(input.file)
  const trustAnchors = input.trustAnchors === undefined ? pem : yield* readPem(input.trustAnchors)
  return {
    ...content,
    ...flags,
    ...(policyFile === undefined ? undefined : { policy: yield* PolicyFile.read(policyFile) }),
    dataset: { ...content.dataset, ...flags.dataset },
    trustAnchors
  }
})

const decode = Schema.decodeUnknownResult(Content)

/** Flags must satisfy the schema of the file. */
const given = (input: Input): Effect.Effect<Content, UsageError> => {
  const absolute = (file: string | undefined) => (file === undefined ? undefined : path.resolve(file))
  const flags = {
    ...input,
    output: absolute(input.output),
    policy: absolute(input.policy),
    dataset: defined({ name: input.name, start: input.start, end: input.end })
  }
  const named = Object.entries(flags).map(([name, value]) => [toFile(name), value] as const)
  const content = decode(defined(Object.fromEntries(named.filter(([name]) => name in Content.fields))), {
    errors: "all"
  })
  return Result.isSuccess(content)
    ? Effect.succeed(content.success)
    : Effect.fail(
        new UsageError({
          command,
          problems: BootstrapFile.problemsOf(content.failure).map(
            ({ expected, path }) => `--${path.at(-1)?.replaceAll("_", "-") ?? ""} must be ${expected}.`
          )
        })
      )
}

const defined = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
