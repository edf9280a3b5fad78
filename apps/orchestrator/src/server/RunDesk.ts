/**
 * Where runs are looked at and steered: a data folder on this machine, or a server. Whoever does so need not know which.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
import type { TransportError } from "@privx-kit/http/TransportError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ArtifactNotFound } from "../artifacts/ArtifactFolder.ts"
import type { DataFolderBusy, DataFolderUnusable } from "../DataFolder.ts"
import type { Bound } from "../runs/Retention.ts"
import type { Run, RunStatus } from "../runs/Run.ts"
import type { RunAmbiguous, RunConflict, RunNotFound } from "../runs/RunFailures.ts"
import type { SettingsError } from "../settings/SettingsError.ts"
import type { InvalidInput } from "../SetupFailure.ts"
import type { ServerRefused } from "./ServerRefused.ts"

/** Of the data folder, or of the way to the server. */
export type DeskFailure =
  | DataFolderBusy
  | DataFolderUnusable
  | StorageFailed
  | TransportError
  | UnexpectedResponse
  | ServerRefused
  | InvalidInput
  | SettingsError
  | ArtifactNotFound

export type RunFailure = DeskFailure | RunNotFound | RunAmbiguous | RunConflict

export interface Wanted {
  readonly status: ReadonlyArray<RunStatus>
  /** Base URL of a PrivX. */
  readonly target: string | undefined
  /** Milliseconds since 1970. */
  readonly since: number | undefined
  readonly limit: number
  /** The hosts of fleet runs too, where neither state nor PrivX says which are meant. */
  readonly parts?: boolean | undefined
}

/** Runs are named by their ids, or by the beginning of one. */
export class RunDesk extends Context.Service<
  RunDesk,
  {
    /** The latest first. Their results may be left out. */
    readonly list: (wanted: Wanted) => Effect.Effect<ReadonlyArray<Run>, RunFailure>
    readonly find: (run: string) => Effect.Effect<Run, RunFailure>
    /** Tells the run as it is and each time that it has changed, and answers with it when it is over. */
    readonly follow: (run: string, changed: (run: Run) => Effect.Effect<void>) => Effect.Effect<Run, RunFailure>
    /** Answers with the run as it is when that was seen, or a while later. */
    readonly cancel: (run: string) => Effect.Effect<Run, RunFailure>
    /** Answers with who it was that decided, too. */
    readonly decide: (
      run: string,
      decision: { readonly approved: boolean; readonly comment: string | undefined }
    ) => Effect.Effect<{ readonly run: Run; readonly by: string }, RunFailure>
    /** Answers with the ids of what was removed. */
    readonly prune: (
      bound: Bound,
      options: { readonly dryRun: boolean }
    ) => Effect.Effect<ReadonlyArray<string>, RunFailure>
  }
>()("privx-kit/server/RunDesk") {}
