/** The common work of domain commands: connecting, executing, and reporting the outcome. */
import type { Failure } from "@privx-kit/core/Failure"
import type * as DurableRun from "@privx-kit/runs/DurableRun"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import { type HostServices, nameOf, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Settings from "@privx-kit/settings/Settings"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type Pane, Screen } from "../terminal/Screen.ts"
import type * as ExitCode from "./ExitCode.ts"
import type * as ConnectionFlags from "./flags/ConnectionFlags.ts"
import type * as GlobalFlags from "./flags/GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"
import * as Warnings from "./Warnings.ts"

/** The values of the common flags. */
export type Given = ConnectionFlags.ConnectionInput & GlobalFlags.Globals & { readonly json: boolean }

export type GivenDurable = Given & { readonly runId: string | undefined; readonly fresh: boolean }

/** The command, and the view of its result. */
export interface Shown<A> {
  /** The name in the JSON document: `ueba status`. */
  readonly command: string
  readonly toPerson: (result: A, out: Pane) => Effect.Effect<void>
  readonly toJson?: ((result: A) => unknown) | undefined
  readonly exitName?: ((result: A) => ExitCode.Name) | undefined
}

/** Calls PrivX with a client made from the settings. */
export const call = <A>(
  shown: Shown<A>,
  run: () => Effect.Effect<A, Failure, HostServices | Screen | Scope.Scope>,
  input: Given
) =>
  Effect.flatMap(connected(input), ({ client }) => Effect.provide(run(), client)).pipe(
    Effect.scoped,
    report(shown, input)
  )

/** Executes a durable run of a kind in this process, and follows it. */
export const execute = <Inputs, Result, E extends Failure>(
  shown: Shown<Result>,
  kind: DurableRun.DurableRun<Inputs, Result, E>,
  inputs: Inputs,
  input: GivenDurable
) =>
  Effect.gen(function* () {
    const { err } = yield* Screen
    const { client, settings } = yield* connected(input)
    const [EmbeddedRuntime, RunView] = yield* Effect.promise(() =>
      Promise.all([import("../EmbeddedRuntime.ts"), import("./views/RunView.ts")])
    )
    const view = yield* RunView.make(err)
    const target = nameOf(settings.baseUrl)
    const options = { onRun: view.follow, target }
    return yield* Effect.flatMap(RunExecutor, (executor) =>
      input.runId === undefined
        ? executor.run(kind, { target, inputs, fresh: input.fresh }, options)
        : executor.resume(kind, input.runId, options)
    ).pipe(
      Effect.provide(
        EmbeddedRuntime.layer({ dataDir: settings.dataDir }).pipe(
          Layer.provide(PrivxHosts.single(settings.baseUrl)),
          Layer.provide(client),
          Layer.provide(Layer.succeed(RunEvents, view.observe))
        )
      )
    )
  }).pipe(Effect.scoped, report(shown, input))

const report = <A>({ command, exitName, toJson = (result) => result, toPerson }: Shown<A>, input: Given) =>
  Outcome.report<A>({
    command,
    json: input.json,
    verbose: input.verbose,
    toJson,
    toPerson,
    ...(exitName === undefined ? undefined : { exitName })
  })

const connected = Effect.fnUntraced(function* (input: ConnectionFlags.ConnectionInput) {
  const { err } = yield* Screen
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  yield* Warnings.show(warnings, err)
  return { settings, client: PrivxClient.layer(settings, input) }
})
