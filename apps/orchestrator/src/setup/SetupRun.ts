/**
 * The UEBA setup as a kind of run: its inputs, result and failures. Flags, the body of an API request and a fleet file are all
 * turned into these inputs.
 */
import { RunId } from "@privx-kit/core/RunId"
import { Owner } from "@privx-kit/artifacts/Manifest"
import * as DurableRun from "@privx-kit/runs/DurableRun"
import { Review } from "@privx-kit/runs/Run"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as Schema from "effect/Schema"
import { HostConnection, isReachable } from "./HostConnection.ts"
import { expectations } from "./SetupExpectations.ts"
import { SetupFailure } from "./SetupFailure.ts"

/** `kind` of these runs. */
export const kind = "ueba-setup"

/** What tells one setup from another. */
export const SetupInputs = Schema.Struct({
  /** Absolute path of the directory that gets the script. */
  output: Schema.optionalKey(Schema.String),
  ...expectations,
  /** Permissions of the delivered script, and who is to own it. */
  mode: Schema.optionalKey(Schema.Int),
  owner: Schema.optionalKey(Owner),
  /** Of a host of a fleet that was submitted to a server; a process that knows the host has its own way to it. */
  connection: Schema.optionalKey(HostConnection)
})

export type SetupInputs = typeof SetupInputs.Type

export const SetupResult = Schema.Struct({
  runId: RunId,
  /** Where the script is kept in the data directory, under its hash. */
  artifact: Schema.String,
  /** Where the script was delivered, when an output directory was given. */
  delivered: Schema.optionalKey(Schema.String),
  /** The manifest: beside the delivered script, else in the data directory. */
  manifest: Schema.String,
  bytes: Schema.Int,
  /** 64 lower-case hexadecimal digits. */
  sha256: Schema.String,
  /** How the script compares with the reference of this PrivX host, and who approved it. */
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
