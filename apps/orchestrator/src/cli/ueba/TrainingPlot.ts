/** The charts of a training as an SVG document: for each model the loss curves, with the histogram next to them. */
import type { TrainingResult } from "@privx-kit/ueba/TrainingResult"
import { BarChart, LineChart } from "echarts/charts"
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components"
import * as echarts from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { barsOf } from "./TrainingChart.ts"

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

/** The size of the charts of one model, in pixels. */
const width = 1000
const height = 360
const margin = { left: 60, top: 90, gap: 70, bottom: 70 }

export const toSvg = (results: ReadonlyArray<TrainingResult>): string => {
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width,
    height: Math.max(1, results.length) * height
  })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      title: results.map((result, row) => ({
        text: result.feature_config_name,
        subtext: describe(result),
        left: margin.left,
        top: row * height + 10
      })),
      legend: { data: ["training", "validation"], top: 16, right: 20 },
      grid: results.flatMap((_, row) => [
        { left: margin.left, top: top(row), width: panel, height: inner },
        { left: margin.left + panel + margin.gap, top: top(row), width: panel, height: inner }
      ]),
      xAxis: results.flatMap((result, row) => [
        {
          gridIndex: 2 * row,
          type: "category",
          name: "epoch",
          nameLocation: "middle",
          nameGap: 28,
          data: result.training_dataset_loss.map((_, index) => index + 1)
        },
        {
          gridIndex: 2 * row + 1,
          type: "category",
          name: "anomaly score",
          nameLocation: "middle",
          nameGap: 28,
          data: barsOf(result.validation_dataset_histogram).map(({ from, to }) => ((from + to) / 2).toPrecision(3))
        }
      ]),
      yAxis: results.flatMap((_, row) => [
        { gridIndex: 2 * row, type: "value", name: "loss" },
        { gridIndex: 2 * row + 1, type: "value", name: "connections" }
      ]),
      series: results.flatMap((result, row) => [
        line("training", result.training_dataset_loss, row),
        line("validation", result.validation_dataset_loss, row),
        {
          type: "bar",
          name: "connections",
          xAxisIndex: 2 * row + 1,
          yAxisIndex: 2 * row + 1,
          barCategoryGap: "10%",
          data: barsOf(result.validation_dataset_histogram).map(({ count }) => count)
        }
      ])
    })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

const panel = (width - margin.left - margin.gap - 20) / 2
const inner = height - margin.top - margin.bottom
const top = (row: number) => row * height + margin.top

const line = (name: string, losses: ReadonlyArray<number | null>, row: number) => ({
  type: "line",
  name,
  xAxisIndex: 2 * row,
  yAxisIndex: 2 * row,
  showSymbol: false,
  data: [...losses]
})

const describe = ({ error_details, num_connections, status }: TrainingResult): string =>
  [status, num_connections === undefined ? undefined : `${num_connections} connections`, error_details]
    .filter((text) => text !== undefined && text !== "")
    .join(", ")
