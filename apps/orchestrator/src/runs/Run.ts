/**
 * What is known of a run: the shapes that the projection keeps, and that `--json` shows. It knows no kind of run: inputs,
 * result and failure are JSON, written and read by those who know the kind.
 */
import * as Schema from "effect/Schema"

/**
 * - `queued`: recorded, and no process has begun it yet.
 * - `running`: a process is at it.
 * - `waiting`: it waits for somebody to approve or reject its script; it does so whether or not a process is there.
 * - `interrupted`: begun and not over, and no process is at it; it can be continued.
 * - `succeeded`, `failed`, `cancelled`: it is over.
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

export type RunStatus = typeof RunStatus.Type

/** The steps that runs have, in the order in which they are carried out. */
export const StepName = Schema.Literals(["create-session", "download", "verify", "approve", "deliver"])

export type StepName = typeof StepName.Type

/** How often each failure came, by `error_code`, or as `TransportError.reset` and the like where PrivX gave no code. */
export const Failures = Schema.Record(Schema.String, Schema.Int)

export const RunStep = Schema.Struct({
  name: StepName,
  status: RunStatus,
  /** How often it was tried in this attempt of the run, in all processes. */
  attempts: Schema.Int,
  startedAt: Schema.DateTimeUtcFromMillis,
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  bytes: Schema.NullOr(Schema.Int),
  failures: Failures
})

export type RunStep = typeof RunStep.Type

/** Who said what about a script, and when. */
export const Decision = Schema.Struct({
  approved: Schema.Boolean,
  /** Name of the account on the machine where it was decided. */
  by: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  comment: Schema.NullOr(Schema.String)
})

export type Decision = typeof Decision.Type

/** How a script stands to the last one that was approved for its target. */
export const Change = Schema.Literals(["new", "unchanged", "changed"])

export type Change = typeof Change.Type

export const Review = Schema.Struct({
  change: Change,
  /** SHA-256 of the last approved script of the target; none where it is new. */
  approved: Schema.NullOr(Schema.String),
  /** Whether the run must wait for somebody's approval. */
  required: Schema.Boolean,
  /** What was decided; none as long as nobody has, and where nobody has to. */
  decision: Schema.NullOr(Decision)
})

export type Review = typeof Review.Type

/** An attempt that is over and was followed by another. */
export const EarlierAttempt = Schema.Struct({
  attempt: Schema.Int,
  status: RunStatus,
  startedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  failure: Schema.NullOr(Schema.Json),
  steps: Schema.Array(RunStep)
})

export type EarlierAttempt = typeof EarlierAttempt.Type

export const Run = Schema.Struct({
  id: Schema.String,
  kind: Schema.String,
  /** The run that this one is a part of. */
  parentId: Schema.NullOr(Schema.String),
  /** Base URL of the PrivX, without credentials. */
  target: Schema.String,
  inputs: Schema.Json,
  /** What the caller named the run by, so that asking twice begins it once. */
  idempotencyKey: Schema.NullOr(Schema.String),
  status: RunStatus,
  /** From 1; everything below is of this attempt. */
  attempt: Schema.Int,
  createdAt: Schema.DateTimeUtcFromMillis,
  startedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromMillis),
  /** Of the script, as soon as it is verified. */
  sha256: Schema.NullOr(Schema.String),
  review: Schema.NullOr(Review),
  result: Schema.NullOr(Schema.Json),
  failure: Schema.NullOr(Schema.Json),
  /** In the order in which they are carried out. */
  steps: Schema.Array(RunStep),
  /** The oldest first. */
  earlier: Schema.Array(EarlierAttempt)
})

export type Run = typeof Run.Type

/** Whether it can still change by itself. */
export const isOver = (run: Pick<Run, "endedAt">): boolean => run.endedAt !== null

const StepJson = Schema.Struct({
  ...RunStep.fields,
  startedAt: Schema.DateTimeUtcFromString,
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromString)
}).annotate({ identifier: "RunStep" })

/** As programs see it: times in ISO 8601. */
export const RunJson = Schema.Struct({
  ...Run.fields,
  createdAt: Schema.DateTimeUtcFromString,
  startedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  review: Schema.NullOr(
    Schema.Struct({
      ...Review.fields,
      decision: Schema.NullOr(Schema.Struct({ ...Decision.fields, at: Schema.DateTimeUtcFromString }))
    })
  ),
  steps: Schema.Array(StepJson),
  earlier: Schema.Array(
    Schema.Struct({
      ...EarlierAttempt.fields,
      startedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
      endedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
      steps: Schema.Array(StepJson)
    })
  )
})

export const toJson: (run: Run) => unknown = Schema.encodeSync(Schema.toCodecJson(RunJson))
