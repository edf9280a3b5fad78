/** The UEBA setup as a kind of run: its result, steps and failures. */
import { RunId } from "@privx-kit/core/RunId"
import * as DurableRun from "@privx-kit/runs/DurableRun"
import { Review } from "@privx-kit/runs/Run"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as Schema from "effect/Schema"
import { isReachable } from "./HostConnection.ts"
import { SetupFailure } from "./SetupFailure.ts"
import { SetupInputs } from "./SetupInputs.ts"

/** The `kind` of these runs. */
export const kind = "ueba-setup"

export const SetupResult = Schema.Struct({
  runId: RunId,
  /** The path of the script in the data directory, under its hash. */
  artifact: Schema.String,
  /** The path of the delivered script, if an output directory was given. */
  delivered: Schema.optionalKey(Schema.String),
  /** The path of the manifest: next to the delivered script, otherwise in the data directory. */
  manifest: Schema.String,
  bytes: Schema.Int,
  /** 64 lower-case hexadecimal digits. */
  sha256: Schema.String,
  /** The comparison of the script with the reference script of this PrivX host, and who approved it. */
  review: Review,
  report: VerificationReport
})

export type SetupResult = typeof SetupResult.Type

export const SetupRun = DurableRun.make({
  name: kind,
  title: "UEBA setup",
  workflow: "UebaSetup",
  steps: [
    { name: "create-session", title: "Create a session" },
    { name: "download", title: "Download the script" },
    { name: "verify", title: "Verify the script" },
    { name: "approve", title: "Wait for approval" },
    { name: "deliver", title: "Deliver the script" }
  ],
  inputs: SetupInputs,
  result: SetupResult,
  failure: SetupFailure,
  isHere: isReachable
})
