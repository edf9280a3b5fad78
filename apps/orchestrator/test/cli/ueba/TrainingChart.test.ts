import type { TrainingResult } from "@privx-kit/ueba/TrainingResult"
import { assert, describe, it } from "vitest"
import * as TrainingChart from "../../../src/cli/ueba/TrainingChart.ts"
import { toSvg } from "../../../src/cli/ueba/TrainingPlot.ts"

const trained: TrainingResult = {
  feature_config_name: "model <1>",
  status: "READY",
  training_dataset_loss: [1, 0.5, null, 0.25, 0.2],
  validation_dataset_loss: [1.1, 0.6, 0.5, 0.3, 0.25],
  validation_dataset_histogram: { hist: [0, 5, 9, 4, null], bin_edges: [0, 0.1, 0.2, 0.3, 0.4, 0.5] }
}

const untrained: TrainingResult = {
  feature_config_name: "",
  status: "TRAINING",
  training_dataset_loss: [],
  validation_dataset_loss: []
}

const size = (unicode: boolean, columns = 80) => ({ columns, style: { unicode } })

describe("TrainingChart", () => {
  it("draws within the columns, in ASCII where nothing else can be shown", () => {
    for (const columns of [40, 80, 200]) {
      const lines = [
        ...TrainingChart.losses(trained, size(false, columns)),
        ...TrainingChart.histogram(trained, size(false, columns))
      ]
      assert.isAbove(lines.length, 20)
      for (const line of lines.slice(1)) assert.isAtMost(line.length, Math.max(columns, 50))
      assert.match(lines.join("\n"), /^[\n\x20-\x7e]*$/)
    }
    assert.match(TrainingChart.losses(trained, size(true)).join("\n"), /[━┓]/u)
  })

  it("has no chart of what is not there", () => {
    assert.deepStrictEqual(TrainingChart.losses(untrained, size(true)), [])
    assert.deepStrictEqual(TrainingChart.histogram(untrained, size(true)), [])
    assert.deepStrictEqual(TrainingChart.losses({ ...trained, training_dataset_loss: [null, 1] }, size(true)), [])
  })

  it("leaves out the bins that are not whole", () => {
    assert.deepStrictEqual(TrainingChart.barsOf(trained.validation_dataset_histogram).at(-1), {
      from: 0.3,
      to: 0.4,
      count: 4
    })
  })
})

describe("TrainingPlot", () => {
  it("is one SVG document, in which names from outside are text", () => {
    const svg = toSvg([trained, untrained])
    assert.match(svg, /^<svg width="1000" height="720" /)
    assert.match(svg, /<\/svg>$/)
    assert.include(svg, "model &lt;1&gt;")
    assert.notInclude(svg, "<1>")
    assert.notMatch(svg, /NaN|undefined/)
    assert.match(toSvg([]), /<\/svg>$/)
  })
})
