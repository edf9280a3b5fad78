/**
 * Text charts of a training: the loss of each epoch, and the histogram of the scores. Uses ASCII if the terminal supports
 * nothing else.
 */
import type { Histogram, TrainingResult } from "@privx-kit/ueba/TrainingResult"
import plot, { type Settings } from "simple-ascii-chart"
import type { Style } from "../../terminal/Style.ts"

const height = 10

/** Columns for the axis, without its labels. */
const frame = 12

/** A wider chart shows no more detail. */
const widest = 72

const ascii: NonNullable<Settings["symbols"]> = {
  axis: { n: "^", ns: "|", y: "|", nse: "+", x: "+", we: "-", e: ">" },
  chart: { we: "-", wns: "+", ns: "|", nse: "+", wsn: "+", sne: "+", area: "#" }
}

export interface Size {
  readonly columns: number
  readonly style: Pick<Style, "unicode">
}

/** Draws training as a line and validation as points. Draws nothing for fewer than two epochs. */
export const losses = (
  { training_dataset_loss, validation_dataset_loss }: TrainingResult,
  size: Size
): ReadonlyArray<string> => {
  const training = points(training_dataset_loss)
  const validation = points(validation_dataset_loss)
  if (training.length < 2) return []
  const top = Math.max(...[...training, ...validation].map(([, loss]) => loss))
  const last = Math.max(...training.map(([epoch]) => epoch))
  return [
    "Loss by epoch: training as a line, validation as o",
    ...drawn(training, size, {
      yRange: [0, top],
      customXAxisTicks: ticks(1, last),
      customYAxisTicks: [0, top / 2, top],
      points: validation.map(([x, y]) => ({ x, y })),
      formatter: (value, { axis }) => (axis === "y" ? figure(value) : value),
      symbols: { point: "o", ...(size.style.unicode ? undefined : ascii) }
    })
  ]
}

/** One bar for each bin, labelled with its lower edge. */
export const histogram = (result: TrainingResult, size: Size): ReadonlyArray<string> => {
  const bars = barsOf(result.validation_dataset_histogram)
  if (bars.filter(({ count }) => count > 0).length < 2) return []
  const top = Math.max(...bars.map(({ count }) => count))
  return [
    "Validated connections by anomaly score",
    ...drawn(
      // An empty bin has no bar; the smallest bar is two rows high.
      bars.flatMap(({ count }, index): Array<[number, number]> => (count > 0 ? [[index, count]] : [])),
      size,
      {
        mode: "bar",
        yRange: [0, top],
        customXAxisTicks: ticks(0, bars.length - 1),
        customYAxisTicks: [0, Math.round(top / 2), top],
        formatter: (value, { axis }) => (axis === "y" ? value : figure(bars[value]?.from ?? value)),
        ...(size.style.unicode ? undefined : { symbols: ascii })
      }
    )
  ]
}

export interface Bar {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** The complete bins of a histogram. */
export const barsOf = (histogram: Histogram | undefined): ReadonlyArray<Bar> =>
  (histogram?.hist ?? []).flatMap((count, index) => {
    const from = histogram?.bin_edges[index] ?? null
    const to = histogram?.bin_edges[index + 1] ?? null
    return count === null || from === null || to === null ? [] : [{ from, to, count }]
  })

/** Epochs count from 1. Epochs without a value are omitted. */
const points = (losses: ReadonlyArray<number | null>): Array<[epoch: number, loss: number]> =>
  losses.flatMap((loss, index): Array<[number, number]> => (loss === null ? [] : [[index + 1, loss]]))

const drawn = (points: Array<[number, number]>, { columns }: Size, settings: Settings): ReadonlyArray<string> =>
  plot(points, { height, width: Math.max(10, Math.min(widest, columns - frame)), ...settings })
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")

/** Few enough that their labels do not touch. */
const ticks = (first: number, last: number): Array<number> => [
  ...new Set([0, 1 / 3, 2 / 3, 1].map((part) => Math.round(first + part * (last - first))))
]

/** Three digits are as precise as a chart can be. */
const figure = (value: number): string => String(Number(value.toPrecision(3)))
