/**
 * The dataset with which UEBA analyzes connections, and switching to another one.
 *
 * @since 0.1.0
 */
import * as Poll from "@privx-kit/http/Poll"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Effect from "effect/Effect"
import type { Dataset } from "./Dataset.ts"
import type { InternalStatus } from "./InternalStatus.ts"
import { Ueba } from "./Ueba.ts"

/**
 * The state during a switch: the active dataset, and what the models do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Activity {
  /** `undefined` if no dataset is active. */
  readonly active: Dataset | undefined
  readonly internal: InternalStatus
}

/**
 * @since 0.1.0
 * @category models
 */
export type Options = Pick<Poll.Options<Activity>, "interval" | "onAnswer" | "onFailure">

/**
 * Reads which dataset is active, and what the models do.
 *
 * **Details**: requests the datasets first and the status of the models second, so the two can differ by a moment. Safe
 * to repeat.
 *
 * **Errors**: those of `Ueba.listDatasets` and `Ueba.internalStatus`.
 *
 * @example
 * ```ts
 * import * as Analysis from "@privx-kit/ueba/Analysis"
 * import * as Effect from "effect/Effect"
 *
 * export const activeDataset = Effect.map(Analysis.activity, ({ active }) => active?.id)
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const activity: Effect.Effect<Activity, PrivxFailure, Ueba> = Effect.gen(function* () {
  const ueba = yield* Ueba
  const { items } = yield* ueba.listDatasets()
  const internal = yield* ueba.internalStatus
  return { active: items.find(({ is_active }) => is_active), internal }
})

/**
 * Returns whether the models have stopped: no dataset is active, and no model is running, starting or stopping.
 *
 * **Details**: if PrivX does not send what its models do, only the active dataset counts.
 *
 * **Gotchas**: the statuses of the models are not documented. A status other than these three counts as stopped.
 *
 * @example
 * ```ts
 * import * as Analysis from "@privx-kit/ueba/Analysis"
 * import * as Effect from "effect/Effect"
 *
 * export const canStart = Effect.map(Analysis.activity, Analysis.isStopped)
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const isStopped = ({ active, internal: { inference_status = "" } }: Activity): boolean =>
  active === undefined && !/^(running|starting|stopping)/i.test(inference_status)

/**
 * Returns whether the models analyze connections.
 *
 * **Details**: if PrivX does not send what its models do, they count as running as soon as a dataset is active.
 *
 * @example
 * ```ts
 * import * as Analysis from "@privx-kit/ueba/Analysis"
 * import * as Effect from "effect/Effect"
 *
 * export const isAnalyzing = Effect.map(Analysis.activity, Analysis.isRunning)
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const isRunning = ({ active, internal: { inference_status } }: Activity): boolean =>
  active !== undefined && (inference_status === undefined || /^running/i.test(inference_status))

/**
 * Stops analyzing connections, and waits until the models have stopped.
 *
 * **When to use**: before a dataset is updated or deleted. To change to another dataset, use {@link switchTo}.
 *
 * **Details**: safe to repeat. If no dataset is active, it only waits until the models have stopped. It polls every 5
 * seconds, or every `interval`; transient failures do not end the wait.
 *
 * **Gotchas**: the models can take minutes to stop. The wait has no time limit: bound it with `Effect.timeout`.
 *
 * **Errors**: those of `Ueba.stopAnalyzing` and of {@link activity}.
 *
 * @example
 * ```ts
 * import * as Analysis from "@privx-kit/ueba/Analysis"
 * import * as Effect from "effect/Effect"
 *
 * export const stopped = Effect.timeout(Analysis.stop({ interval: "10 seconds" }), "15 minutes")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const stop = Effect.fn("Analysis.stop")(function* (
  options: Options = {}
): Effect.fn.Return<void, PrivxFailure, Ueba> {
  const ueba = yield* Ueba
  const now = yield* activity
  if (now.active !== undefined) yield* ueba.stopAnalyzing
  if (!isStopped(now)) yield* Poll.until(activity, { ...options, isDone: isStopped })
})

/**
 * Starts analyzing connections with a trained dataset, and waits until it is active.
 *
 * **When to use**: if no dataset is active. To replace the active dataset, use {@link switchTo}.
 *
 * **Details**: safe to repeat. It polls every 5 seconds, or every `interval`; transient failures do not end the wait.
 *
 * **Gotchas**: it does not wait until the models run: see {@link isRunning}. The wait has no time limit: bound it with
 * `Effect.timeout`.
 *
 * **Errors**: those of `Ueba.startAnalyzing` and of {@link activity}.
 *
 * @example
 * ```ts
 * import * as Analysis from "@privx-kit/ueba/Analysis"
 * import * as Effect from "effect/Effect"
 *
 * export const started = (id: string) => Effect.timeout(Analysis.start(id), "15 minutes")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const start = Effect.fn("Analysis.start")(function* (
  id: string,
  options: Options = {}
): Effect.fn.Return<void, PrivxFailure, Ueba> {
  const ueba = yield* Ueba
  yield* ueba.startAnalyzing(id)
  yield* Poll.until(activity, { ...options, isDone: ({ active }) => active?.id === id })
})

/**
 * Makes a trained dataset the active one: stops the active dataset, waits, and starts the new one.
 *
 * **Details**: safe to repeat; it only does what is still missing. If the dataset cannot be started, the previous one
 * is started again, so that connections are still analyzed when a new model does not work.
 *
 * **Errors**: the failure of starting the dataset.
 *
 * @param options.previous the dataset to return to; default: the currently active one
 *
 * @example
 * ```ts
 * import * as Analysis from "@privx-kit/ueba/Analysis"
 *
 * const switchTo = (id: string) => Analysis.switchTo(id, { interval: "10 seconds" })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const switchTo = Effect.fn("Analysis.switchTo")(function* (
  id: string,
  { previous, ...options }: Options & { readonly previous?: string | undefined } = {}
): Effect.fn.Return<void, PrivxFailure, Ueba> {
  const { active } = yield* activity
  if (active?.id === id) return
  const before = previous ?? active?.id
  yield* stop(options)
  yield* Effect.tapError(start(id, options), () =>
    before === undefined ? Effect.void : Effect.ignore(start(before, options))
  )
})
