/**
 * Executes a delivered script on this machine and describes the outcome in one line. By default a process executes no
 * script: the run then waits until a person has executed it on the UEBA host.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { SetupResult } from "../setup/SetupRun.ts"
import type { ExecutionFailed } from "./BootstrapFailure.ts"

export type ScriptExecutor = (setup: SetupResult) => Effect.Effect<string, StorageFailed | ExecutionFailed>

export const ScriptExecutor = Context.Reference<ScriptExecutor | undefined>("privx-kit/bootstrap/ScriptExecutor", {
  defaultValue: () => undefined
})
