/** Flags of commands that show the charts of a training. */
import * as Flag from "effect/cli/Flag"
import * as FlagKinds from "../flags/FlagKinds.ts"

export interface ChartInput {
  readonly chart: boolean
  readonly bins: number
  readonly plot: string | undefined
}

export const flags = {
  chart: Flag.Boolean("chart").pipe(
    Flag.withDescription("Draw the charts of the training in the terminal (default)"),
    Flag.withDefault(true)
  ),
  bins: FlagKinds.positive("bins", "Number of bins of the histogram (default 30)").pipe(
    Flag.filter(
      (bins) => bins <= 1000,
      () => "a number from 1 to 1000"
    ),
    Flag.withDefault(30)
  ),
  plot: FlagKinds.required("plot", "FILE", "Draw the charts into this file, an SVG").pipe(
    Flag.filter(
      (file) => file.toLowerCase().endsWith(".svg"),
      () => "a file name that ends in .svg"
    ),
    Flag.optional
  )
}
