/**
 * The record of a run, as it is stored and as `--json` shows it. It is independent of the kind of run: inputs, result
 * and failure are JSON, which the kind encodes and decodes.
 *
 * @since 0.1.0
 */
import { RunId } from "@privx-kit/core/RunId"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Ordinal = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * A point in time as programs see it: ISO 8601 in UTC.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Time = Schema.String.annotate({ format: "date-time" }).pipe(
  Schema.decodeTo(Schema.DateTimeUtc, SchemaTransformation.dateTimeUtcFromString)
)

/**
 * - `queued`: recorded, and not started by any process.
 * - `running`: a process is executing it.
 * - `waiting`: it waits for a person to approve or reject its script, whether or not a process is executing it.
 * - `interrupted`: it has started and not ended, and no process is executing it; it can be resumed.
 * - `succeeded`, `failed`, `cancelled`: it has ended.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RunStatus = Schema.Literals([
  "queued",
  "running",
  "waiting",
  "interrupted",
  "succeeded",
  "failed",
  "cancelled"
])

/**
 * @since 0.1.0
 * @category models
 */
export type RunStatus = typeof RunStatus.Type

/**
 * A part of a run that people see; each kind of run has its own.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StepName = Schema.String

/**
 * @since 0.1.0
 * @category models
 */
export type StepName = typeof StepName.Type

/**
 * How often each failure occurred, by `error_code`, or as `TransportError.reset` and the like where PrivX sent no code.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Failures = Schema.Record(Schema.String, Count)

/**
 * @since 0.1.0
 * @category schemas
 */
export const RunStep = Schema.Struct({
  name: StepName,
  status: RunStatus,
  /** How often the step was tried in this attempt of the run, across all processes. */
  attempts: Count,
  startedAt: Schema.DateTimeUtcFromMillis,
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  /** Downloaded so far, or in all when the step has ended. */
  bytes: Schema.NullOr(Count),
  /** What the step downloads in all, if the length is known. */
  totalBytes: Schema.NullOr(Count),
  failures: Failures
})

/**
 * @since 0.1.0
 * @category models
 */
export type RunStep = typeof RunStep.Type

/**
 * A person's decision about a script.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Decision = Schema.Struct({
  approved: Schema.Boolean,
  /** The account that decided: of the machine that ran the command, or of the server. */
  by: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  comment: Schema.NullOr(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Decision = typeof Decision.Type

/**
 * Why a script is a reference: it was trusted on first use, or a person approved it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Basis = Schema.Literals(["baseline", "approved"])

/**
 * @since 0.1.0
 * @category models
 */
export type Basis = typeof Basis.Type

/**
 * The script of a target with which later scripts are compared.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reference = Schema.Struct({ sha256: Schema.String, basis: Basis })

/**
 * @since 0.1.0
 * @category models
 */
export type Reference = typeof Reference.Type

/**
 * How a script compares with the reference of its target; `new` if there is no reference.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Change = Schema.Literals(["new", "unchanged", "changed"])

/**
 * @since 0.1.0
 * @category models
 */
export type Change = typeof Change.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Review = Schema.Struct({
  change: Change,
  /** What the script was compared with; `null` if the script is new. */
  reference: Schema.NullOr(Reference),
  /** Whether the run must wait for an approval. */
  required: Schema.Boolean,
  /** The decision; `null` if none has been made or none is required. */
  decision: Schema.NullOr(Decision)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Review = typeof Review.Type

/**
 * An attempt that has ended and was followed by another.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EarlierAttempt = Schema.Struct({
  attempt: Ordinal,
  status: RunStatus,
  startedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  failure: Schema.Json,
  steps: Schema.Array(RunStep)
})

/**
 * @since 0.1.0
 * @category models
 */
export type EarlierAttempt = typeof EarlierAttempt.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Run = Schema.Struct({
  id: RunId,
  /** Orders runs as they were recorded, independently of the clock. */
  position: Count,
  kind: Schema.String,
  /** The run that this one is a part of. */
  parentId: Schema.NullOr(RunId),
  /** Base URL of the PrivX host, without credentials. */
  target: Schema.String,
  inputs: Schema.Json,
  /** The key that the caller chose, so that submitting twice starts one run. */
  idempotencyKey: Schema.NullOr(Schema.String),
  status: RunStatus,
  /** From 1. Everything below is about this attempt. */
  attempt: Ordinal,
  createdAt: Schema.DateTimeUtcFromMillis,
  startedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  /** SHA-256 of the script; set when the script is verified. */
  sha256: Schema.NullOr(Schema.String),
  review: Schema.NullOr(Review),
  result: Schema.Json,
  failure: Schema.Json,
  /** In the order in which they started. */
  steps: Schema.Array(RunStep),
  /** Oldest first. */
  earlier: Schema.Array(EarlierAttempt)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Run = typeof Run.Type

/**
 * Returns whether a run has ended.
 *
 * @example
 * ```ts
 * import { isOver, type Run } from "@privx-kit/runs/Run"
 *
 * export const open = (runs: ReadonlyArray<Run>) => runs.filter((run) => !isOver(run))
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOver = (run: Pick<Run, "endedAt">): boolean => run.endedAt !== null

const StepJson = Schema.Struct({
  ...RunStep.fields,
  startedAt: Time,
  endedAt: Schema.NullOr(Time)
}).annotate({ identifier: "RunStep" })

/**
 * As programs see it: times in ISO 8601.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RunJson = Schema.Struct({
  ...Run.fields,
  createdAt: Time,
  startedAt: Schema.NullOr(Time),
  endedAt: Schema.NullOr(Time),
  review: Schema.NullOr(
    Schema.Struct({
      ...Review.fields,
      decision: Schema.NullOr(Schema.Struct({ ...Decision.fields, at: Time }))
    })
  ),
  steps: Schema.Array(StepJson),
  earlier: Schema.Array(
    Schema.Struct({
      ...EarlierAttempt.fields,
      startedAt: Schema.NullOr(Time),
      endedAt: Schema.NullOr(Time),
      steps: Schema.Array(StepJson)
    })
  )
})

/**
 * Encodes a run as programs see it: times in ISO 8601.
 *
 * @example
 * ```ts
 * import { type Run, toJson } from "@privx-kit/runs/Run"
 *
 * export const text = (run: Run): string => JSON.stringify(toJson(run))
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const toJson: (run: Run) => unknown = Schema.encodeSync(Schema.toCodecJson(RunJson))
