/**
 * The bootstrap of UEBA, from an unconfigured service to an active model, as a durable workflow.
 *
 * Each step reads the current state first and does only the remaining work: after a crash, in the next attempt, and in
 * the next run with the same inputs. The first step journals the state with which later steps compare.
 *
 * - A dataset is found by its name and range, so one that was created just before a crash is not created twice.
 * - A training that is running or has ended is not started again.
 * - If no script is delivered, the previous configuration is restored.
 * - If the new model cannot be started, the previous one is started again.
 * - If UEBA already runs with that configuration, no script is needed.
 */
import { RetryObserver } from "@privx-kit/http/RetryObserver"
import type { RunScope } from "@privx-kit/runs/DurableRun"
import { Steps } from "@privx-kit/runs/Steps"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { withUeba } from "../setup/SetupHost.ts"
import { SetupResult } from "../setup/SetupRun.ts"
import * as SetupSteps from "../setup/SetupSteps.ts"
import { configurationOf } from "./BootstrapConfiguration.ts"
import type { BootstrapFailure } from "./BootstrapFailure.ts"
import {
  type BootstrapInputs,
  type BootstrapResult,
  BootstrapRun,
  defaultInterval,
  type Until
} from "./BootstrapRun.ts"
import * as BootstrapState from "./BootstrapState.ts"
import * as BootstrapSteps from "./BootstrapSteps.ts"
import { ScriptExecutor } from "./ScriptExecutor.ts"

type Bootstrap = RunScope<BootstrapInputs, BootstrapResult, BootstrapFailure>

export const layer = BootstrapRun.toLayer(
  Effect.fnUntraced(function* (run) {
    const { inputs } = run
    const host = withUeba({ target: run.target, connection: inputs.connection })
    const ends = (step: Until): boolean => inputs.until === step
    const finish = (result: Omit<BootstrapResult, "runId">) =>
      run.finish("end", Effect.succeed({ runId: run.runId, ...result }))

    const before = yield* run.step(
      "check",
      { success: BootstrapState.BootstrapState, summary: ({ status }) => `UEBA is ${status}` },
      Effect.map(host(BootstrapState.read(inputs)), ({ state }) => state).pipe(withRetries("check"))
    )
    const wanted = configurationOf(inputs, before)
    const unchanged = { address: before.configuration.address, changed: false }
    if (ends("check")) return yield* finish({ until: "check", changed: false, configuration: unchanged })

    const { changed } = yield* run.step(
      "configure",
      {
        success: BootstrapSteps.Change,
        cancellable: false,
        summary: ({ changed }) => (changed ? wanted.address : "nothing differs")
      },
      host(BootstrapSteps.configure(inputs, wanted, before)).pipe(withRetries("configure"))
    )
    let result: Omit<BootstrapResult, "runId"> = {
      until: "configure",
      changed,
      configuration: { address: wanted.address, changed }
    }
    if (ends("configure")) return yield* finish(result)

    // A service that runs with this configuration is already set up.
    if (!before.running || changed) {
      const script = Effect.gen(function* () {
        const checked = yield* SetupSteps.verified(run)
        return yield* run.activity("deliver", { success: SetupResult }, SetupSteps.delivered(run, checked))
      })
      const setup = yield* changed
        ? run.compensated("restore-configuration", script, host(BootstrapSteps.restore(before)))
        : script
      result = { ...result, until: "deliver", changed: true, setup }
    }
    if (ends("deliver")) return yield* finish({ ...result, until: "deliver" })

    if (result.setup !== undefined) {
      const setup = result.setup
      const execute = yield* ScriptExecutor
      if (execute !== undefined) {
        yield* run.step(
          "execute",
          { success: Schema.String, cancellable: false, summary: (summary) => summary },
          execute(setup)
        )
      }
    }

    yield* awaited(run, "service", { success: Schema.String, summary: (status) => status }, (wait) =>
      host(BootstrapSteps.service(wait))
    )
    result = { ...result, until: "service" }
    if (ends("service")) return yield* finish(result)

    const { count } = yield* awaited(
      run,
      "count",
      { success: BootstrapSteps.Counted, summary: ({ count }) => `${count} connections` },
      (wait) => host(BootstrapSteps.connections(inputs, before.range, wait))
    )
    result = { ...result, until: "count", connections: count }
    if (ends("count")) return yield* finish(result)

    const dataset = yield* run.step(
      "dataset",
      {
        success: BootstrapSteps.Chosen,
        cancellable: false,
        summary: ({ created, id }) => `${created ? "created" : "found"} ${id}`
      },
      host(BootstrapSteps.chooseDataset(inputs, before.range)).pipe(withRetries("dataset"))
    )
    const { id } = dataset
    result = {
      ...result,
      until: "dataset",
      changed: result.changed || dataset.created,
      dataset: { ...dataset, active: false }
    }
    if (ends("dataset")) return yield* finish(result)

    const started = yield* run.step(
      "train",
      {
        success: BootstrapSteps.Change,
        cancellable: false,
        summary: ({ changed }) => (changed ? "started" : "not needed")
      },
      host(BootstrapSteps.train(id)).pipe(withRetries("train"))
    )
    yield* awaited(run, "trained", { success: Schema.Void, summary: () => "trained" }, (wait) =>
      host(BootstrapSteps.trained(id, wait))
    )
    result = {
      ...result,
      until: "trained",
      changed: result.changed || started.changed,
      dataset: { ...dataset, trained: true, active: false }
    }
    if (ends("trained")) return yield* finish(result)

    const { previous, switched } = yield* awaited(
      run,
      "activate",
      { success: BootstrapSteps.Switched, summary: ({ switched }) => (switched ? "switched" : "active already") },
      (wait) => host(BootstrapSteps.activate(id, before.active, wait))
    )
    result = {
      ...result,
      until: "activate",
      changed: result.changed || switched,
      dataset: { ...dataset, trained: true, active: true },
      ...(previous === undefined ? undefined : { previous })
    }
    if (ends("activate")) return yield* finish(result)
    const whole = { runId: run.runId, ...result, until: "confirm" }
    return yield* run.finishStep("confirm", Effect.as(host(BootstrapSteps.confirm(id)), whole), {
      summary: () => `UEBA analyzes connections with dataset ${id}`
    })
  })
)

/**
 * A step that waits. Its time limit counts from its first start, including restarts of the process.
 *
 * @param wait executed again after a restart
 */
const awaited = Effect.fnUntraced(function* <A, I, R>(
  run: Bootstrap,
  step: Until | "activate",
  options: { readonly success: Schema.Codec<A, I>; readonly summary: (value: A) => string },
  wait: (options: BootstrapSteps.Wait) => Effect.Effect<A, BootstrapFailure, R>
) {
  const { interval = defaultInterval, patience } = run.inputs
  const since = yield* run.activity(`${step}/since`, { success: Schema.DateTimeUtcFromMillis }, DateTime.now)
  return yield* run.step(
    step,
    // An interruption in the middle of a switch would leave no model active.
    { ...options, cancellable: step !== "activate" },
    Effect.gen(function* () {
      const steps = yield* Steps
      const now = yield* DateTime.now
      const passed = DateTime.toEpochMillis(now) - DateTime.toEpochMillis(since)
      return yield* wait({
        interval: Duration.millis(interval),
        left: patience === undefined ? undefined : Math.max(0, patience - passed),
        note: steps.note
      })
    })
  )
})

/** Shows retries of the transport as attempts of the step. */
const withRetries =
  (step: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Steps, (steps) =>
      Effect.provideService(effect, RetryObserver, ({ delay, failure }) => steps.retried(step, failure, delay))
    )
