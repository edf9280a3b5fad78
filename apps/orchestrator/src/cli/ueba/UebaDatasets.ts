/** Lists, shows, creates, updates and deletes datasets. */
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { recommendedMinimum } from "@privx-kit/ueba/ConnectionCount"
import type { Dataset, DatasetList, DatasetSettings } from "@privx-kit/ueba/Dataset"
import type { TimeRange } from "@privx-kit/ueba/TimeRange"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { ask, canAsk } from "../../terminal/Question.ts"
import { Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { Call } from "../DomainCommand.ts"
import { UsageError } from "../UsageError.ts"
import type { ChartInput } from "./ChartFlags.ts"
import * as DatasetChoice from "./DatasetChoice.ts"
import * as DatasetView from "./DatasetView.ts"
import * as TrainingOutput from "./TrainingOutput.ts"
import { withUeba } from "./UebaClient.ts"
import type { WatchInput } from "./WatchFlags.ts"

interface RangeInput {
  /** Milliseconds since 1970. */
  readonly start: number | undefined
  readonly end: number | undefined
  readonly exclude: ReadonlyArray<{ readonly start: number; readonly end: number }>
  readonly comment: string | undefined
  readonly activates: boolean | undefined
}

export const list: Call<object, DatasetList> = {
  run: () => withUeba(Ueba.use((ueba) => ueba.listDatasets())),
  toJson: ({ count, items }) => ({ count, items: items.map((dataset) => TrainingOutput.encodeDataset(dataset)) }),
  toPerson: ({ items }, out) => DatasetView.table(items, out)
}

interface ShowInput extends WatchInput, ChartInput {
  readonly id: string
  readonly logs: boolean
}

interface Shown extends TrainingOutput.Trained {
  readonly input: Pick<ShowInput, "chart" | "logs">
}

export const show: Call<ShowInput, Shown> = {
  run: (input) =>
    withUeba(
      Effect.gen(function* () {
        const id = yield* DatasetChoice.find(input.id, "ueba datasets show")
        return { ...(yield* TrainingOutput.read(id, input)), input }
      })
    ),
  toJson: TrainingOutput.toJson,
  toPerson: (shown, out) => TrainingOutput.show(shown, out, shown.input)
}

interface Created {
  readonly id: string
  /** The number of connections in its range. */
  readonly connections: number
  /** The time as sent to PrivX: ISO 8601, in UTC. If absent, the range is open on that side. */
  readonly start?: string
  readonly end?: string
}

export const create: Call<RangeInput, Created> = {
  run: (input) =>
    withUeba(
      Effect.gen(function* () {
        const range = yield* rangeOf(input, {}, "ueba datasets create")
        const ueba = yield* Ueba
        const { count } = yield* ueba.countConnections(range)
        yield* warnOfFew(count)
        const { id } = yield* ueba.createDataset({
          time_range_settings: range,
          ...(input.comment === undefined ? undefined : { comment: input.comment }),
          use_for_inference_once_trained: input.activates ?? false
        })
        return {
          id,
          connections: count,
          ...(range.start === undefined ? undefined : { start: DateTime.formatIso(range.start) }),
          ...(range.end === undefined ? undefined : { end: DateTime.formatIso(range.end) })
        }
      })
    ),
  toPerson: Effect.fnUntraced(function* ({ connections, end, id, start }, out) {
    const { green, sign } = out.style
    yield* out.line(`${green(sign.ok)} Created dataset ${id} with ${Text.grouped(connections)} connections.`)
    yield* out.line(`  Its range: ${zoned(start, "the beginning")} to ${zoned(end, "now, and on")}.`)
    yield* out.line(`  Run privx-kit ueba train ${id.slice(0, 8)} to train it.`)
  })
}

export const update: Call<RangeInput & { readonly id: string }, Dataset> = {
  run: (input) => withUeba(updated(input)),
  toJson: TrainingOutput.encodeDataset,
  toPerson: (dataset, out) => DatasetView.show(dataset, out, { chart: false, logs: false })
}

const updated = Effect.fnUntraced(function* (
  input: RangeInput & { readonly id: string }
): Effect.fn.Return<Dataset, PrivxFailure | UsageError, Ueba | Screen> {
  const ueba = yield* Ueba
  const id = yield* DatasetChoice.find(input.id, "ueba datasets update")
  const now = yield* ueba.getDataset(id)
  const comment = input.comment ?? now.comment
  const settings: DatasetSettings = {
    // PrivX replaces all settings, so unchanged ones are sent again.
    time_range_settings: yield* rangeOf(input, now.time_range_settings, "ueba datasets update"),
    ...(comment === undefined ? undefined : { comment }),
    use_for_inference_once_trained: input.activates ?? now.use_for_inference_once_trained
  }
  yield* ueba.updateDataset(id, settings)
  return yield* ueba.getDataset(id)
})

interface Deleted {
  readonly id: string
  /** Whether the user confirmed. */
  readonly deleted: boolean
}

export const remove: Call<{ readonly id: string; readonly yes: boolean }, Deleted> = {
  run: (input) => withUeba(removed(input)),
  toPerson: ({ deleted, id }, out) =>
    out.line(
      deleted
        ? `${out.style.green(out.style.sign.ok)} Deleted dataset ${id}.`
        : `${out.style.dim(out.style.sign.skipped)} Dataset ${id} is not deleted.`
    )
}

const removed = Effect.fnUntraced(function* (input: {
  readonly id: string
  readonly yes: boolean
}): Effect.fn.Return<Deleted, PrivxFailure | UsageError, Ueba | Screen> {
  if (!input.yes && !canAsk()) {
    return yield* new UsageError({
      command: "privx-kit ueba datasets delete",
      problems: ["The command asks for confirmation at a terminal, and there is none: add --yes."]
    })
  }
  const { err } = yield* Screen
  const ueba = yield* Ueba
  const id = yield* DatasetChoice.find(input.id, "ueba datasets delete")
  if (!input.yes && !(yield* ask(`Delete dataset ${id} and its models?`, err))) return { id, deleted: false }
  yield* ueba.deleteDataset(id)
  return { id, deleted: true }
})

/** In the time zone of this machine, including its name: `2026-01-31T00:00:00.000+02:00[Europe/Helsinki]`. */
const zoned = (time: string | undefined, open: string): string =>
  time === undefined
    ? open
    : DateTime.formatIsoZoned(DateTime.setZone(DateTime.makeUnsafe(time), DateTime.zoneMakeLocal()))

/** The current range with the values of the flags. */
const rangeOf = (
  { end, exclude, start }: RangeInput,
  now: {
    readonly start?: DateTime.Utc
    readonly end?: DateTime.Utc
    readonly exclude?: ReadonlyArray<{ readonly start?: DateTime.Utc; readonly end?: DateTime.Utc }>
  },
  command: string
): Effect.Effect<TimeRange, UsageError> => {
  const from = start === undefined ? now.start : DateTime.makeUnsafe(start)
  const to = end === undefined ? now.end : DateTime.makeUnsafe(end)
  if (from !== undefined && to !== undefined && !DateTime.isLessThan(from, to)) {
    return Effect.fail(
      new UsageError({ command: `privx-kit ${command}`, problems: ["The range must start before it ends."] })
    )
  }
  const holes =
    exclude.length > 0
      ? exclude.map(({ end, start }) => ({ start: DateTime.makeUnsafe(start), end: DateTime.makeUnsafe(end) }))
      : (now.exclude ?? []).flatMap(({ end, start }) =>
          start === undefined || end === undefined ? [] : [{ start, end }]
        )
  return Effect.succeed({
    ...(from === undefined ? undefined : { start: from }),
    ...(to === undefined ? undefined : { end: to }),
    ...(holes.length === 0 ? undefined : { exclude: holes })
  })
}

const warnOfFew = Effect.fnUntraced(function* (count: number) {
  if (count >= recommendedMinimum) return
  const { err } = yield* Screen
  yield* err.line(
    `${err.style.yellow(err.style.sign.warning)} The range has ${Text.grouped(count)} connections; a training should have at least ${Text.grouped(recommendedMinimum)}.`
  )
})
