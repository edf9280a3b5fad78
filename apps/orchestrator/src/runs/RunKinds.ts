/**
 * The kinds of runs that there are, for those who deal with all of them: which workflow carries a run out, under which id
 * the engine knows it, and whether this process is at it.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FleetIncomplete, FleetInputs, kind as fleetKind } from "../fleet/FleetRun.ts"
import { Drives, FleetWorkflow } from "../fleet/FleetWorkflow.ts"
import { isReachable } from "../HostConnection.ts"
import { kind as setupKind, SetupWorkflow } from "../SetupWorkflow.ts"
import { SetupFailure } from "../SetupFailure.ts"
import type { Targets } from "../Targets.ts"
import type { Run } from "./Run.ts"

/** One attempt of a run. */
export interface Attempt extends Pick<Run, "kind" | "attempt" | "target"> {
  readonly runId: string
}

interface Kind {
  /** Of its workflow. */
  readonly tag: string
  readonly executionId: (run: Attempt) => Effect.Effect<string>
  /** Whether this process carries it out, or would. */
  readonly isHere: (run: Run) => Effect.Effect<boolean, never, Targets>
}

const setup: Kind = {
  tag: SetupWorkflow._tag,
  executionId: (run) => SetupWorkflow.executionId({ ...run, inputs: {} }),
  isHere: isReachable
}

const kinds: Readonly<Record<string, Kind>> = {
  [setupKind]: setup,
  [fleetKind]: {
    tag: FleetWorkflow._tag,
    executionId: (run) => FleetWorkflow.executionId(run),
    isHere: ({ inputs }) => Effect.map(Drives, (drives) => Schema.is(FleetInputs)(inputs) && drives(inputs))
  }
}

/** A kind of a later version is taken for the first there was. */
export const of = (run: Pick<Run, "kind">): Kind => kinds[run.kind] ?? setup

/** What a run of any kind can fail with, as kept in the record. */
export const FailureJson = Schema.toCodecJson(Schema.Union([SetupFailure, FleetIncomplete]))
