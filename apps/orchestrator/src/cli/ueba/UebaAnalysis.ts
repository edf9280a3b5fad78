/** Trains datasets, and starts and stops the analysis. */
import * as Poll from "@privx-kit/http/Poll"
import * as Analysis from "@privx-kit/ueba/Analysis"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Text from "../../terminal/Text.ts"
import type { Call } from "../DomainCommand.ts"
import { UsageError } from "../UsageError.ts"
import type { ChartInput } from "./ChartFlags.ts"
import * as DatasetChoice from "./DatasetChoice.ts"
import * as TrainingOutput from "./TrainingOutput.ts"
import { withUeba } from "./UebaClient.ts"
import * as Watch from "./Watch.ts"
import type { WatchInput } from "./WatchFlags.ts"

interface TrainInput extends WatchInput, ChartInput {
  readonly id: string
  readonly activate: boolean
}

interface Started {
  readonly id: string
  /** The number of connections for the training. */
  readonly connections: number
  /** When the training has ended, if the command waited for it. */
  readonly trained: TrainingOutput.Trained | undefined
  readonly chart: boolean
}

export const train: Call<TrainInput, Started> = {
  run: (input) =>
    withUeba(
      Effect.gen(function* () {
        if (input.plot !== undefined && !input.watch) {
          return yield* new UsageError({
            command: "privx-kit ueba train",
            problems: ["There is nothing to plot when a training starts: add --watch."]
          })
        }
        const ueba = yield* Ueba
        const id = yield* DatasetChoice.find(input.id, "ueba train")
        const { count } = yield* ueba.trainDataset(id, { setActiveAfterTraining: input.activate })
        return {
          id,
          connections: count,
          trained: input.watch ? yield* TrainingOutput.read(id, input) : undefined,
          chart: input.chart
        }
      })
    ),
  toJson: ({ connections, id, trained }) => ({
    id,
    connections,
    ...(trained === undefined ? undefined : TrainingOutput.toJson(trained))
  }),
  toPerson: Effect.fnUntraced(function* ({ chart, connections, id, trained }, out) {
    const { green, sign } = out.style
    const done = trained === undefined ? "The training has started" : "The training has ended"
    yield* out.line(`${green(sign.ok)} ${done} with ${Text.grouped(connections)} connections.`)
    yield* trained === undefined
      ? out.line(`  Run privx-kit ueba datasets show ${id.slice(0, 8)} --watch to wait for its end.`)
      : TrainingOutput.show(trained, out, { chart, logs: false })
  })
}

interface StartInput extends WatchInput {
  readonly id: string
  readonly replace: boolean
}

interface Activated {
  readonly active: string
  /** Whether the models are running, if the command waited for it. */
  readonly running?: boolean
}

export const start: Call<StartInput, Activated> = {
  run: ({ interval, replace, watch, ...input }) =>
    withUeba(
      Effect.gen(function* () {
        const id = yield* DatasetChoice.find(input.id, "ueba start")
        const progress = yield* Watch.progress(inOneLine)
        const options = { interval, ...progress }
        yield* replace ? Analysis.switchTo(id, options) : Analysis.start(id, options)
        if (watch) yield* Poll.until(Analysis.activity, { ...options, isDone: Analysis.isRunning })
        yield* progress.clear
        return { active: id, ...(watch ? { running: true } : undefined) }
      })
    ),
  toPerson: ({ active, running }, out) =>
    out.line(
      `${out.style.green(out.style.sign.ok)} UEBA analyzes connections with dataset ${active}.${running === true ? " Its models are running." : ""}`
    )
}

export const stop: Call<WatchInput, { readonly stopped: boolean }> = {
  run: ({ interval, watch }) =>
    withUeba(
      Effect.gen(function* () {
        if (watch) {
          const progress = yield* Watch.progress(inOneLine)
          yield* Analysis.stop({ interval, ...progress })
          yield* progress.clear
          return { stopped: true }
        }
        const ueba = yield* Ueba
        yield* ueba.stopAnalyzing
        return { stopped: Analysis.isStopped(yield* Analysis.activity) }
      })
    ),
  toPerson: ({ stopped }, out) =>
    out.line(
      `${out.style.green(out.style.sign.ok)} ${stopped ? "No dataset is active." : "The models are stopping: run privx-kit ueba status to see them."}`
    )
}

const inOneLine = ({ active, internal: { inference_status = "unknown" } }: Analysis.Activity): string =>
  `analysis ${inference_status}${active === undefined ? "" : ` with dataset ${active.id}`}`
