/**
 * The steps of a bootstrap. Each step reads the current state first and then does only the remaining work.
 */
import * as Poll from "@privx-kit/http/Poll"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import * as Analysis from "@privx-kit/ueba/Analysis"
import { type Dataset, trainingState } from "@privx-kit/ueba/Dataset"
import { isRunning } from "@privx-kit/ueba/ServiceStatus"
import type { TimeRange } from "@privx-kit/ueba/TimeRange"
import * as Training from "@privx-kit/ueba/Training"
import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { brief } from "../setup/SetupFailure.ts"
import { type configurationOf, differs } from "./BootstrapConfiguration.ts"
import { type BootstrapFailure, NotConfirmed, TooFewConnections, WaitExpired } from "./BootstrapFailure.ts"
import { type BootstrapInputs, minimumOf } from "./BootstrapRun.ts"
import * as BootstrapState from "./BootstrapState.ts"

export const Change = Schema.Struct({ changed: Schema.Boolean })
export const Chosen = Schema.Struct({ id: Schema.String, created: Schema.Boolean, trained: Schema.Boolean })
export const Counted = Schema.Struct({ count: Schema.Int })

export const Switched = Schema.Struct({ switched: Schema.Boolean, previous: Schema.optionalKey(Schema.String) })

/** Whether the configuration differs from the one before the run: it may already have been sent before a crash. */
export const configure = Effect.fnUntraced(function* (
  inputs: BootstrapInputs,
  wanted: ReturnType<typeof configurationOf>,
  before: BootstrapState.BootstrapState
): Effect.fn.Return<typeof Change.Type, BootstrapFailure, Ueba> {
  if (inputs.trustAnchors !== undefined || wanted.trustAnchors.trim() !== "") {
    yield* TrustAnchors.check(wanted.trustAnchors, wanted.address)
  }
  const ueba = yield* Ueba
  const { address, trust_anchors } = yield* ueba.configuration
  if (differs(wanted, { address, trustAnchors: trust_anchors })) {
    yield* ueba.setConfiguration({ address: wanted.address, trust_anchors: wanted.trustAnchors })
  }
  return { changed: differs(wanted, before.configuration) }
})

export const restore = Effect.fnUntraced(function* ({
  configuration: { address, trustAnchors }
}: BootstrapState.BootstrapState) {
  // If nothing was configured, there is nothing to restore.
  if (address === "") return
  const ueba = yield* Ueba
  yield* ueba.setConfiguration({ address, trust_anchors: trustAnchors })
})

/** The interval and the time limit of a wait. */
export interface Wait {
  readonly interval: Duration.Duration
  /** The remaining time in milliseconds; no limit if absent. */
  readonly left: number | undefined
  readonly note: (text: string) => Effect.Effect<void>
}

/** Polls until the condition holds. Transient failures are reported and retried. */
const until = Effect.fnUntraced(function* <A, R>(
  awaitedState: string,
  ask: Effect.Effect<A, PrivxFailure, R>,
  { interval, left, note }: Wait,
  options: { readonly isDone: (answer: A) => boolean; readonly text: (answer: A) => string }
): Effect.fn.Return<A, PrivxFailure | WaitExpired, R> {
  let last = ""
  const poll = Poll.until(ask, {
    interval,
    isDone: options.isDone,
    onAnswer: (answer) => {
      last = options.text(answer)
      return note(last)
    },
    onFailure: (failure) => note(`asking again: ${brief(failure)}`)
  })
  return yield* left === undefined
    ? poll
    : Effect.timeoutOrElse(poll, {
        duration: left,
        orElse: () => Effect.fail(new WaitExpired({ awaited: awaitedState, last, seconds: Math.round(left / 1000) }))
      })
})

export const service = (wait: Wait) =>
  Effect.flatMap(Ueba, (ueba) =>
    until("the UEBA service to run", ueba.status, wait, { isDone: isRunning, text: BootstrapState.statusText })
  ).pipe(Effect.map(BootstrapState.statusText))

/** Counts the connections for the training. It does not wait if a dataset is already trained. */
export const connections = Effect.fnUntraced(function* (
  inputs: BootstrapInputs,
  range: TimeRange,
  wait: Wait
): Effect.fn.Return<typeof Counted.Type, BootstrapFailure, Ueba> {
  const ueba = yield* Ueba
  const { items } = yield* ueba.listDatasets()
  const existing = BootstrapState.find(items, inputs)
  const counted = existing === undefined ? range : BootstrapState.countedRange(existing)
  const minimum = minimumOf(inputs)
  const enough = ({ count }: typeof Counted.Type) => count >= minimum || BootstrapState.isTrained(existing)
  const first = yield* ueba.countConnections(counted)
  if (enough(first)) return first
  const now = yield* DateTime.now
  const open = counted.end === undefined || DateTime.isLessThan(now, counted.end)
  if (inputs.fewConnections !== "wait" || !open) {
    return yield* new TooFewConnections({
      count: first.count,
      minimum,
      range: BootstrapState.rangeText(counted),
      open
    })
  }
  return yield* until(`${minimum} connections`, ueba.countConnections(counted), wait, {
    isDone: enough,
    text: ({ count }) => `${count} of ${minimum} connections; PrivX records more as users connect`
  })
})

/** Finds the dataset of the bootstrap, or creates it once. */
export const chooseDataset = Effect.fnUntraced(function* (
  inputs: BootstrapInputs,
  range: TimeRange
): Effect.fn.Return<typeof Chosen.Type, PrivxFailure, Ueba> {
  const ueba = yield* Ueba
  const look = Effect.map(ueba.listDatasets(), ({ items }) => BootstrapState.find(items, inputs))
  const found = yield* look
  if (found !== undefined) return { id: found.id, created: false, trained: BootstrapState.isTrained(found) }
  const created = yield* Effect.result(
    ueba.createDataset({
      time_range_settings: range,
      comment: inputs.dataset.name,
      use_for_inference_once_trained: false
    })
  )
  // The list shows whether the dataset exists, even if the response was lost, and which one to use if there are two.
  const now = yield* look
  if (Result.isFailure(created)) {
    return now === undefined ? yield* Effect.fail(created.failure) : { id: now.id, created: true, trained: false }
  }
  const { id } = created.success
  if (now === undefined || now.id === id) return { id, created: true, trained: false }
  // Another process created one at the same time: both processes keep the older one.
  yield* ueba.deleteDataset(id)
  return { id: now.id, created: false, trained: BootstrapState.isTrained(now) }
})

export const train = Effect.fnUntraced(function* (
  id: string
): Effect.fn.Return<typeof Change.Type, PrivxFailure, Ueba> {
  const ueba = yield* Ueba
  const needed = Effect.map(ueba.getDataset(id), (dataset) => {
    const state = trainingState(dataset)
    return state === "untrained" || state === "failed"
  })
  if (!(yield* needed)) return { changed: false }
  const started = yield* Effect.result(ueba.trainDataset(id, { setActiveAfterTraining: false }))
  if (Result.isSuccess(started)) return { changed: true }
  // The response may have been lost after PrivX had started the training.
  return RetryPolicy.isTransient(started.failure) && !(yield* needed)
    ? { changed: true }
    : yield* Effect.fail(started.failure)
})

export const trained = Effect.fnUntraced(function* (
  id: string,
  wait: Wait
): Effect.fn.Return<void, BootstrapFailure, Ueba> {
  const ueba = yield* Ueba
  const dataset = yield* until("the training to end", ueba.getDataset(id), wait, {
    isDone: (dataset) => trainingState(dataset) !== "training",
    text: progressOf
  })
  const failure = Training.failureOf(dataset)
  if (failure !== undefined) return yield* failure
})

const progressOf = ({ training_results }: Dataset): string => {
  const epochs = Math.max(0, ...training_results.map(({ training_dataset_loss }) => training_dataset_loss.length))
  return `${training_results.length} models, epoch ${epochs}`
}

/** Waits without a time limit, because an incomplete switch leaves connections unanalyzed. */
export const activate = Effect.fnUntraced(function* (
  id: string,
  previous: string | undefined,
  { interval, note }: Wait
): Effect.fn.Return<typeof Switched.Type, PrivxFailure, Ueba> {
  const { active } = yield* Analysis.activity
  const before = previous === id ? undefined : previous
  if (active?.id === id) {
    return { switched: previous !== id, ...(before === undefined ? undefined : { previous: before }) }
  }
  yield* Analysis.switchTo(id, {
    previous: before,
    interval,
    onAnswer: ({ active, internal: { inference_status = "unknown" } }) =>
      note(`analysis ${inference_status}${active === undefined ? "" : ` with dataset ${active.id}`}`),
    onFailure: (failure) => note(`asking again: ${brief(failure)}`)
  })
  return { switched: true, ...(before === undefined ? undefined : { previous: before }) }
})

export const confirm = Effect.fnUntraced(function* (
  id: string
): Effect.fn.Return<void, PrivxFailure | NotConfirmed, Ueba> {
  const ueba = yield* Ueba
  const service = yield* ueba.status
  const { items } = yield* ueba.listDatasets()
  const active = items.filter(({ is_active }) => is_active).map((dataset) => dataset.id)
  const problems = [
    ...(isRunning(service) ? [] : [`the service is ${BootstrapState.statusText(service)}`]),
    ...(active.length === 1 && active[0] === id
      ? []
      : [active.length === 0 ? "no dataset is active" : `the active dataset is ${active.join(", ")}, not ${id}`])
  ]
  if (problems.length > 0) return yield* new NotConfirmed({ problems })
})
