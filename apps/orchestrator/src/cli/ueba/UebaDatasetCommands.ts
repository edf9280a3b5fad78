/** The flags and help of `privx-kit ueba datasets …`. */
import * as TimeText from "@privx-kit/settings/TimeText"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import * as DomainCommand from "../DomainCommand.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ChartFlags from "./ChartFlags.ts"
import * as WatchFlags from "./WatchFlags.ts"

const id = FlagKinds.argument("DATASET", "Id of the dataset, or a unique prefix of it")

const moment = (name: string, description: string) =>
  FlagKinds.required(name, "TIME", description).pipe(
    Flag.filterMap(TimeText.moment, () => "a date like 2026-01-31, an RFC 3339 time, or an age like 90d"),
    Flag.optional
  )

/** `START/END`, an ISO 8601 interval. */
const interval = (text: string): Option.Option<{ readonly start: number; readonly end: number }> => {
  const [start = "", end = "", ...rest] = text.split("/")
  return rest.length > 0
    ? Option.none()
    : Option.filter(
        Option.all({ start: TimeText.moment(start), end: TimeText.moment(end) }),
        ({ end, start }) => start < end
      )
}

const range = {
  start: moment(
    "start",
    "Start of the range: an age like 90d, or a date or time, in the time zone of this machine if it names none"
  ),
  end: moment("end", "End of the range, as --start (default: none)"),
  exclude: FlagKinds.required("exclude", "START/END", "Leave this range out; times as --start; can be repeated").pipe(
    Flag.filterMap(interval, () => "two times with / between them, the earlier one first"),
    Flag.atLeast(0)
  ),
  comment: FlagKinds.text("comment", "TEXT", "Comment of the dataset")
}

const list = DomainCommand.lazy("list", {
  of: "ueba datasets",
  description: "List the datasets that models are trained with.",
  parameters: {},
  examples: [{ command: "privx-kit ueba datasets list" }],
  load: () => import("./UebaDatasets.ts").then(({ list }) => list)
})

const show = DomainCommand.lazy("show", {
  of: "ueba datasets",
  description:
    "Show a dataset and what came of its training: the figures of each model, the loss curves, and the histogram of the " +
    "connections that the model was validated with.",
  shortDescription: "Show a dataset and its training",
  parameters: {
    id,
    ...WatchFlags.flags("until no model of it is being trained"),
    ...ChartFlags.flags,
    logs: FlagKinds.toggle("logs", "Show the training logs too")
  },
  examples: [
    { command: "privx-kit ueba datasets show 1f0c --watch" },
    { command: "privx-kit ueba datasets show 1f0c --plot training.svg", description: "Draw the charts into a file" }
  ],
  exitCodes: ["storage", "training"],
  load: () => import("./UebaDatasets.ts").then(({ show }) => show)
})

const create = DomainCommand.lazy("create", {
  of: "ueba datasets",
  description:
    "Create a dataset from the connections in a range of time. It should hold at least 5,000 connections. The range is shown with the " +
    "time zone that it was read in. The dataset is not trained yet: " +
    "see privx-kit ueba train.",
  shortDescription: "Create a dataset",
  parameters: {
    ...range,
    activates: FlagKinds.toggle("active-once-trained", "Let it become the active dataset when its training ends well")
  },
  examples: [
    { command: "privx-kit ueba datasets create --start 90d" },
    { command: "privx-kit ueba datasets create --start 2026-01-01 --end 2026-04-01 --exclude 2026-02-01/2026-02-08" }
  ],
  load: () => import("./UebaDatasets.ts").then(({ create }) => create)
})

const update = DomainCommand.lazy("update", {
  of: "ueba datasets",
  description:
    "Change the settings of a dataset that is not active. Settings without a flag stay unchanged. With another range, the dataset must be trained again.",
  shortDescription: "Change the settings of a dataset",
  parameters: {
    id,
    ...range,
    activates: Flag.Boolean("active-once-trained").pipe(
      Flag.withDescription("Let it become the active dataset when its training ends well"),
      Flag.optional
    )
  },
  examples: [{ command: "privx-kit ueba datasets update 1f0c --end 2026-05-01" }],
  load: () => import("./UebaDatasets.ts").then(({ update }) => update)
})

const remove = DomainCommand.lazy("delete", {
  of: "ueba datasets",
  description: "Delete a dataset that is not active, with its models, after asking.",
  shortDescription: "Delete a dataset",
  parameters: { id, yes: FlagKinds.toggle("yes", "Do not ask").pipe(Flag.withAlias("y")) },
  examples: [{ command: "privx-kit ueba datasets delete 1f0c --yes" }],
  load: () => import("./UebaDatasets.ts").then(({ remove }) => remove)
})

export const datasets = Command.make("datasets").pipe(
  Command.withDescription("List, show, create, update and delete the datasets that models are trained with."),
  Command.withShortDescription("Datasets that models are trained with"),
  Command.withSubcommands([list, show, create, update, remove])
)
