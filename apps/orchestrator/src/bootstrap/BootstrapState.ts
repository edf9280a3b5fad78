/** The state of PrivX that a bootstrap changes, and the selection of its dataset. */
import { type Dataset, trainingState } from "@privx-kit/ueba/Dataset"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { isRunning } from "@privx-kit/ueba/ServiceStatus"
import * as TimeRange from "@privx-kit/ueba/TimeRange"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { BootstrapInputs } from "./BootstrapRun.ts"

/** The state that the first step journals, and with which later steps compare. */
export const BootstrapState = Schema.Struct({
  configuration: Schema.Struct({ address: Schema.String, trustAnchors: Schema.String }),
  /** Whether the service was running. */
  running: Schema.Boolean,
  /** Status and message of the service, in one line. */
  status: Schema.String,
  /** The active dataset. */
  active: Schema.optionalKey(Schema.String),
  /** The range of a new dataset, with its start. */
  range: TimeRange.TimeRange
})

export type BootstrapState = typeof BootstrapState.Type

export const read = Effect.fnUntraced(function* (
  inputs: Pick<BootstrapInputs, "dataset">
): Effect.fn.Return<{ readonly state: BootstrapState; readonly datasets: ReadonlyArray<Dataset> }, PrivxFailure, Ueba> {
  const ueba = yield* Ueba
  const { address, trust_anchors } = yield* ueba.configuration
  const service = yield* ueba.status
  const { items } = yield* ueba.listDatasets()
  const active = items.find(({ is_active }) => is_active)
  return {
    state: {
      configuration: { address, trustAnchors: trust_anchors },
      running: isRunning(service),
      status: statusText(service),
      ...(active === undefined ? undefined : { active: active.id }),
      range: yield* rangeOf(inputs)
    },
    datasets: items
  }
})

export const statusText = ({
  status = "unknown",
  status_message
}: {
  readonly status?: string
  readonly status_message?: string
}): string => `${status}${status_message === undefined ? "" : `: ${status_message}`}`

const rangeOf = ({ dataset: { age, range } }: Pick<BootstrapInputs, "dataset">) =>
  Effect.map(DateTime.now, (now): TimeRange.TimeRange =>
    range.start !== undefined || age === undefined ? range : { ...range, start: DateTime.subtractDuration(now, age) }
  )

/**
 * Finds the dataset by its name, and by its range if the start is given. If there are several, returns the oldest one, so
 * that every process selects the same one.
 */
export const find = (
  datasets: ReadonlyArray<Dataset>,
  { dataset: { age, name, range } }: Pick<BootstrapInputs, "dataset">
): Dataset | undefined => matching(datasets, { name, range, byName: range.start === undefined && age !== undefined })[0]

const matching = (
  datasets: ReadonlyArray<Dataset>,
  wanted: { readonly name: string; readonly range: TimeRange.TimeRange; readonly byName: boolean }
): ReadonlyArray<Dataset> =>
  datasets
    .filter(
      ({ comment, time_range_settings }) =>
        comment === wanted.name && (wanted.byName || TimeRange.isSame(wanted.range, time_range_settings))
    )
    .toSorted((a, b) => createdAt(a) - createdAt(b) || (a.id < b.id ? -1 : 1))

const createdAt = ({ created }: Dataset): number => (created === undefined ? 0 : DateTime.toEpochMillis(created))

/** The range that contains the connections of a dataset, for `countConnections`. */
export const countedRange = ({ time_range_settings: { end, exclude, start } }: Dataset): TimeRange.TimeRange => ({
  ...(start === undefined ? undefined : { start }),
  ...(end === undefined ? undefined : { end }),
  exclude: exclude.flatMap(({ end, start }) => (start === undefined || end === undefined ? [] : [{ start, end }]))
})

/** `from 2026-01-01 to 2026-04-01`. */
export const rangeText = ({ end, start }: TimeRange.TimeRange): string =>
  `from ${start === undefined ? "the beginning" : day(start)} to ${end === undefined ? "now" : day(end)}`

const day = (time: DateTime.Utc): string => DateTime.formatIso(time).replace(/T00:00:00\.000Z$|:\d\d\.\d{3}Z$/, "")

export const isTrained = (dataset: Dataset | undefined): boolean =>
  dataset !== undefined && trainingState(dataset) === "trained"
