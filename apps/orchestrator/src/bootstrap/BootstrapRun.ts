/**
 * The bootstrap of UEBA as a kind of run: its inputs, steps and result. Flags and files are converted to these inputs.
 */
import * as DurableRun from "@privx-kit/runs/DurableRun"
import { recommendedMinimum } from "@privx-kit/ueba/ConnectionCount"
import { TimeRange } from "@privx-kit/ueba/TimeRange"
import * as Schema from "effect/Schema"
import { isReachable } from "../setup/HostConnection.ts"
import { SetupInputs } from "../setup/SetupInputs.ts"
import { SetupResult } from "../setup/SetupRun.ts"
import { BootstrapFailure } from "./BootstrapFailure.ts"

/** The `kind` of these runs. */
export const kind = "ueba-bootstrap"

/** In the order of execution. */
export const steps = [
  { name: "check", title: "Check what is there" },
  { name: "configure", title: "Configure UEBA" },
  { name: "create-session", title: "Create a session" },
  { name: "download", title: "Download the script" },
  { name: "verify", title: "Verify the script" },
  { name: "approve", title: "Wait for approval" },
  { name: "deliver", title: "Deliver the script" },
  { name: "execute", title: "Execute the script" },
  { name: "service", title: "Wait for UEBA" },
  { name: "count", title: "Count connections" },
  { name: "dataset", title: "Create the dataset" },
  { name: "train", title: "Start the training" },
  { name: "trained", title: "Train the models" },
  { name: "activate", title: "Switch the model" },
  { name: "confirm", title: "Confirm" }
] as const

/** Steps after which a bootstrap can end. */
export const Until = Schema.Literals([
  "check",
  "configure",
  "deliver",
  "service",
  "count",
  "dataset",
  "trained",
  "activate"
])

export type Until = typeof Until.Type

const Millis = Schema.Int.check(Schema.isGreaterThan(0))

export const DatasetInputs = Schema.Struct({
  /** The comment of the dataset, by which a later attempt finds it. */
  name: Schema.NonEmptyString,
  range: TimeRange,
  /**
   * If the range has no start: its start, in milliseconds before the run. The dataset is then found only by its name.
   */
  age: Schema.optionalKey(Millis)
})

export const BootstrapInputs = Schema.Struct({
  ...SetupInputs.fields,
  /** The address of the UEBA host. If absent, the configured address remains. */
  address: Schema.optionalKey(Schema.String),
  /** PEM. If absent, the configured trust anchors remain. */
  trustAnchors: Schema.optionalKey(Schema.String),
  dataset: DatasetInputs,
  /** Default {@link recommendedMinimum}. */
  minConnections: Schema.optionalKey(Schema.Int),
  /** What to do if the range has fewer connections. Default `stop`. */
  fewConnections: Schema.optionalKey(Schema.Literals(["stop", "wait"])),
  /** The time limit of each wait, in milliseconds; no limit if absent. */
  patience: Schema.optionalKey(Millis),
  /** The polling interval of a wait, in milliseconds. */
  interval: Schema.optionalKey(Millis),
  /** The last step to execute; if absent, all steps are executed. */
  until: Schema.optionalKey(Until)
})

export type BootstrapInputs = typeof BootstrapInputs.Type

export const defaultInterval = 15_000

export const minimumOf = ({ minConnections = recommendedMinimum }: Pick<BootstrapInputs, "minConnections">): number =>
  minConnections

/** The result of the run. A run that ended early lacks the fields of later steps. */
export const BootstrapResult = Schema.Struct({
  runId: Schema.String,
  /** The last step that was executed. */
  until: Schema.String,
  /** Whether anything was changed in PrivX. */
  changed: Schema.Boolean,
  configuration: Schema.Struct({ address: Schema.String, changed: Schema.Boolean }),
  /** Absent if the service was already running, so that no script was needed. */
  setup: Schema.optionalKey(SetupResult),
  connections: Schema.optionalKey(Schema.Int),
  dataset: Schema.optionalKey(
    Schema.Struct({ id: Schema.String, created: Schema.Boolean, trained: Schema.Boolean, active: Schema.Boolean })
  ),
  /** The previously active dataset. */
  previous: Schema.optionalKey(Schema.String)
})

export type BootstrapResult = typeof BootstrapResult.Type

export const BootstrapRun = DurableRun.make({
  name: kind,
  title: "UEBA bootstrap",
  workflow: "UebaBootstrap",
  steps,
  inputs: BootstrapInputs,
  result: BootstrapResult,
  failure: BootstrapFailure,
  isHere: isReachable
})
