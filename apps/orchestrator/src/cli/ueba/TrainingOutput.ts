/** The result of a command that shows a training: the dataset, and the file with its charts if requested. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import { Dataset, type View } from "@privx-kit/ueba/Dataset"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Training from "@privx-kit/ueba/Training"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
import type { Scope } from "effect/Scope"
import type { Pane, Screen } from "../../terminal/Screen.ts"
import type { ChartInput } from "./ChartFlags.ts"
import * as DatasetView from "./DatasetView.ts"
import * as Watch from "./Watch.ts"
import type { WatchInput } from "./WatchFlags.ts"

export interface Trained {
  readonly dataset: Dataset
  /** The file with the charts. */
  readonly plot: string | undefined
}

export const encodeDataset = Schema.encodeSync(Schema.toCodecJson(Dataset))

export const toJson = ({ dataset, plot }: Trained): Readonly<Record<string, unknown>> => ({
  dataset: encodeDataset(dataset),
  ...(plot === undefined ? undefined : { plot })
})

/** Reads a dataset, after its training has ended if requested, and draws its charts. */
export const read = Effect.fnUntraced(function* (
  id: string,
  input: WatchInput & ChartInput & { readonly logs?: boolean }
): Effect.fn.Return<Trained, PrivxFailure | StorageFailed | Training.TrainingFailed, Ueba | Screen | Scope> {
  const view: View = { logs: input.logs ?? false, binCount: input.bins }
  const ueba = yield* Ueba
  let dataset: Dataset
  if (input.watch) {
    const progress = yield* Watch.progress<Dataset>(DatasetView.progress)
    dataset = yield* Training.awaitEnd(id, { interval: input.interval, view, ...progress })
    yield* progress.clear
  } else {
    dataset = yield* ueba.getDataset(id, view)
  }
  return { dataset, plot: input.plot === undefined ? undefined : yield* draw(dataset, input.plot) }
})

const draw = Effect.fnUntraced(function* (dataset: Dataset, file: string): Effect.fn.Return<string, StorageFailed> {
  const { toSvg } = yield* Effect.promise(() => import("./TrainingPlot.ts"))
  const full = path.resolve(file)
  yield* DurableFile.write(full, Buffer.from(toSvg(dataset.training_results)), { owner: randomUUID(), mode: 0o644 })
  return full
})

export const show = Effect.fnUntraced(function* (
  { dataset, plot }: Trained,
  out: Pane,
  options: { readonly chart: boolean; readonly logs: boolean }
) {
  yield* DatasetView.show(dataset, out, options)
  if (plot === undefined) return
  yield* out.line()
  yield* out.line(`  The charts are in ${plot}`)
})
