/**
 * Everything a command can fail with, and its JSON: the fields of the failure class by their own names, so that
 * what is matched on in a program is what a script sees with `--json`.
 */
import { FaultSyntaxError } from "@privx-kit/simulator/FaultSyntaxError"
import { SimulatorError } from "@privx-kit/simulator/SimulatorError"
import * as Schema from "effect/Schema"
import { ArtifactNotFound } from "../artifacts/ArtifactFolder.ts"
import { AlreadyExecuted } from "../artifacts/Execution.ts"
import { KeyUnusable } from "../artifacts/SigningKey.ts"
import { DatabaseUnusable } from "../cluster/PostgresFailure.ts"
import { DataFolderBusy, DataFolderUnusable } from "../DataFolder.ts"
import { ApprovalPending, RunAmbiguous, RunConflict, RunNotFound } from "../runs/RunFailures.ts"
import { FleetIncomplete } from "../fleet/FleetRun.ts"
import { ListenFailed } from "../server/ListenFailed.ts"
import { ServerRefused } from "../server/ServerRefused.ts"
import { SettingsError } from "../settings/SettingsError.ts"
import { SetupFailure } from "../SetupFailure.ts"
import { UsageError } from "./UsageError.ts"

const CommandFailure = Schema.Union([
  ArtifactNotFound,
  AlreadyExecuted,
  KeyUnusable,
  SetupFailure,
  RunNotFound,
  RunAmbiguous,
  RunConflict,
  ApprovalPending,
  DatabaseUnusable,
  DataFolderBusy,
  DataFolderUnusable,
  FleetIncomplete,
  ListenFailed,
  ServerRefused,
  SettingsError,
  SimulatorError,
  FaultSyntaxError,
  UsageError
])

export type CommandFailure = typeof CommandFailure.Type

const encode = Schema.encodeSync(CommandFailure)

/** The fields of a failure as JSON, without its `_tag`. */
export const fields = (failure: CommandFailure): Readonly<Record<string, unknown>> => {
  const { _tag: _, ...rest } = encode(failure)
  return rest
}
