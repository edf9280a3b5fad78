/**
 * Reads and controls runs in a data directory on this machine or on a server, with the same interface for both.
 */
import type { InvalidInput } from "@privx-kit/runs/RunFailures"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type { TransportError } from "@privx-kit/http/TransportError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ArtifactNotFound } from "@privx-kit/artifacts/ArtifactDirectory"
import type { DataDirectoryBusy, DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import type { Decision } from "@privx-kit/runs/RunActions"
import type { Bound } from "@privx-kit/runs/Retention"
import type { Run, RunStatus } from "@privx-kit/runs/Run"
import type { RunAmbiguous, RunConflict, RunNotFound } from "@privx-kit/runs/RunFailures"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import type { LoginFailed } from "./LoginFailed.ts"
import type { ServerRefused } from "./ServerRefused.ts"

/** A failure of the data directory, or of the connection to the server. */
export type ClientFailure =
  | DataDirectoryBusy
  | DataDirectoryUnusable
  | StorageFailed
  | TransportError
  | UnexpectedResponse
  | ServerRefused
  | LoginFailed
  | InvalidInput
  | SettingsError
  | ArtifactNotFound

export type RunFailure = ClientFailure | RunNotFound | RunAmbiguous | RunConflict

export interface RunFilter {
  readonly status: ReadonlyArray<RunStatus>
  /** Base URL of a PrivX host. */
  readonly target: string | undefined
  /** Milliseconds since 1970. */
  readonly since: number | undefined
  readonly limit: number
  /** Also list the hosts of fleet runs if neither status nor PrivX host selects them. */
  readonly parts?: boolean | undefined
}

/** Runs are selected by their ids or the beginning of one. */
export class RunClient extends Context.Service<
  RunClient,
  {
    /** The latest first. Results may be omitted. */
    readonly list: (wanted: RunFilter) => Effect.Effect<ReadonlyArray<Run>, RunFailure>
    readonly find: (run: string) => Effect.Effect<Run, RunFailure>
    /** Calls back with the current run and after each change. Returns the run when it has ended. */
    readonly follow: (run: string, changed: (run: Run) => Effect.Effect<void>) => Effect.Effect<Run, RunFailure>
    /** Returns the run after the request was processed, or after a while. */
    readonly cancel: (run: string, comment?: string) => Effect.Effect<Run, RunFailure>
    /** Also returns who decided. */
    readonly decide: (
      run: string,
      decision: Omit<Decision, "by">
    ) => Effect.Effect<{ readonly run: Run; readonly by: string }, RunFailure>
    /** Returns the ids of the removed runs. */
    readonly prune: (
      bound: Bound,
      options: { readonly dryRun: boolean }
    ) => Effect.Effect<ReadonlyArray<string>, RunFailure>
  }
>()("privx-kit/server/RunClient") {}
