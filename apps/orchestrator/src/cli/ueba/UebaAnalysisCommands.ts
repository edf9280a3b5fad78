/** The flags and help of `privx-kit ueba train`, `start` and `stop`. */
import * as DomainCommand from "../DomainCommand.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ChartFlags from "./ChartFlags.ts"
import * as WatchFlags from "./WatchFlags.ts"

const id = FlagKinds.argument("DATASET", "Id of the dataset, or a unique prefix of it")

export const train = DomainCommand.lazy("train", {
  of: "ueba",
  description:
    "Train the models of a dataset. This takes long; the command returns when the training has started. With --watch it waits for " +
    "the end, and then shows the loss curves and the histogram. Ctrl-C ends the command, not the training.",
  shortDescription: "Train the models of a dataset",
  parameters: {
    id,
    activate: FlagKinds.toggle("activate", "Let PrivX make it the active dataset when the training ends well"),
    ...WatchFlags.flags("until the training has ended"),
    ...ChartFlags.flags
  },
  examples: [
    { command: "privx-kit ueba train 1f0c --watch" },
    { command: "privx-kit ueba train 1f0c --watch --plot training.svg" }
  ],
  exitCodes: ["storage", "training"],
  load: () => import("./UebaAnalysis.ts").then(({ train }) => train)
})

export const start = DomainCommand.lazy("start", {
  of: "ueba",
  description:
    "Analyze connections with a trained dataset. It becomes the active one.\n\n" +
    "PrivX refuses it while another dataset is active. With --replace that one is stopped first, which can take minutes; if the " +
    "new one cannot be started, the old one is started again. With --watch it waits until the models are running.",
  shortDescription: "Analyze connections with a trained dataset",
  parameters: {
    id,
    replace: FlagKinds.toggle("replace", "Stop the active dataset first"),
    ...WatchFlags.flags("until the models are running")
  },
  examples: [{ command: "privx-kit ueba start 1f0c --replace --watch" }],
  load: () => import("./UebaAnalysis.ts").then(({ start }) => start)
})

export const stop = DomainCommand.lazy("stop", {
  of: "ueba",
  description: "Stop analyzing connections. No dataset is active afterwards. The models can take minutes to stop.",
  shortDescription: "Stop analyzing connections",
  parameters: WatchFlags.flags("until the models have stopped"),
  examples: [{ command: "privx-kit ueba stop --watch" }],
  load: () => import("./UebaAnalysis.ts").then(({ stop }) => stop)
})
