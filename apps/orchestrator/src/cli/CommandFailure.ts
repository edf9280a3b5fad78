/**
 * The failures of a command and their JSON: the fields of the failure class under their own names. A program and a script
 * with `--json` therefore match on the same names.
 */
import { FaultSyntaxError } from "@privx-kit/simulator/FaultSyntaxError"
import { SimulatorError } from "@privx-kit/simulator/SimulatorError"
import type { Failure } from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"
import { ArtifactNotFound } from "@privx-kit/artifacts/ArtifactDirectory"
import { AlreadyExecuted } from "../setup/ScriptExecution.ts"
import { KeyUnusable } from "@privx-kit/artifacts/SigningKey"
import { DatabaseUnusable } from "@privx-kit/durable/PostgresFailure"
import { DataDirectoryBusy, DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import { ApprovalPending, RunAmbiguous, RunConflict, RunNotFound } from "@privx-kit/runs/RunFailures"
import { UnknownRunKind } from "@privx-kit/runs/RunKinds"
import { FleetIncomplete } from "../fleet/FleetRun.ts"
import { ListenFailed } from "../server/ListenFailed.ts"
import { LoginFailed } from "../client/LoginFailed.ts"
import { ServerRefused } from "../client/ServerRefused.ts"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import { BootstrapFailure } from "../bootstrap/BootstrapFailure.ts"
import { UsageError } from "./UsageError.ts"

const CommandFailure = Schema.Union([
  ArtifactNotFound,
  AlreadyExecuted,
  KeyUnusable,
  BootstrapFailure,
  RunNotFound,
  RunAmbiguous,
  RunConflict,
  UnknownRunKind,
  ApprovalPending,
  DatabaseUnusable,
  DataDirectoryBusy,
  DataDirectoryUnusable,
  FleetIncomplete,
  ListenFailed,
  LoginFailed,
  ServerRefused,
  SettingsError,
  SimulatorError,
  FaultSyntaxError,
  UsageError
])

export type CommandFailure = typeof CommandFailure.Type

const encode = Schema.encodeSync(CommandFailure)

const is = Schema.is(CommandFailure)

/**
 * The fields of a failure as JSON, without its `_tag`. For a class of another package, the fields that convert to JSON.
 */
export const fields = (failure: Failure): Readonly<Record<string, unknown>> => {
  const { _tag: _, ...rest } = is(failure) ? encode(failure) : { ...failure }
  return rest
}
