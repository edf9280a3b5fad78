/**
 * The failures of runs of every kind, and of requests about runs.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { type Basis, Change, Reference, type Review, RunStatus } from "./Run.ts"

/**
 * The inputs of a run are not valid. Nothing was started.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidInput extends Failure.Class<InvalidInput>()(
  "InvalidInput",
  { detail: Schema.String },
  {
    message: (self) => `The run cannot start with these inputs: ${self.detail}.`,
    hint: "Correct the input named in the message."
  }
) {}

/**
 * A bug in privx-kit.
 *
 * @since 0.1.0
 * @category errors
 */
export class InternalError extends Failure.Class<InternalError>()(
  "InternalError",
  { detail: Schema.String },
  {
    message: (self) => `Internal error in privx-kit: ${self.detail}.`,
    hint: "Report this bug with the version of privx-kit and the command that you ran."
  }
) {}

/**
 * A hook refused a step before it started.
 *
 * @since 0.1.0
 * @category errors
 */
export class StepRefused extends Failure.Class<StepRefused>()(
  "StepRefused",
  {
    step: Schema.String,
    detail: Schema.String
  },
  {
    message: ({ detail, step }) => `The hook before the step ${step} refused it: ${detail}`,
    hint: "Resolve what the hook reports, then run `privx-kit runs retry`. The hook is defined in privx-kit.config."
  }
) {}

/**
 * This process has no run with that id.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunNotFound extends Failure.Class<RunNotFound>()(
  "RunNotFound",
  {
    runId: Schema.String,
    /** The PrivX host of the run, if the run exists and belongs to another host. */
    target: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) =>
      self.target === undefined
        ? `No run with the id ${self.runId} exists.`
        : `Run ${self.runId} belongs to another PrivX host: ${self.target}.`,
    hint: (self) =>
      self.target === undefined
        ? "Run `privx-kit runs list` to see existing runs."
        : "Set --base-url to that PrivX host."
  }
) {}

/**
 * Several runs have an id that starts with the given text.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunAmbiguous extends Failure.Class<RunAmbiguous>()(
  "RunAmbiguous",
  {
    beginning: Schema.String,
    /** The first matching ids. */
    ids: Schema.Array(Schema.String)
  },
  {
    message: (self) => `The ids of several runs start with ${self.beginning}: ${self.ids.join(", ")}.`,
    hint: "Enter more characters of the id."
  }
) {}

/**
 * The request does not fit the state of the run. Nothing was changed.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunConflict extends Failure.Class<RunConflict>()(
  "RunConflict",
  {
    runId: Schema.String,
    status: RunStatus,
    detail: Schema.String
  },
  {
    message: (self) => `Run ${self.runId} ${statusText[self.status]}; ${self.detail}.`,
    hint: (self) => `Run \`privx-kit runs show ${self.runId.slice(0, 8)}\` to see its details.`
  }
) {}

/**
 * The run was cancelled on request.
 *
 * @since 0.1.0
 * @category errors
 */
export class RunCancelled extends Failure.Class<RunCancelled>()(
  "RunCancelled",
  {
    by: Schema.String,
    at: Schema.DateTimeUtcFromString,
    comment: Schema.NullOr(Schema.String)
  },
  {
    message: (self) => `${self.by} cancelled the run at ${DateTime.formatIso(self.at)}${reasonOf(self.comment)}.`,
    hint: "Run `privx-kit runs retry` to execute it again."
  }
) {}

/**
 * A person has rejected the script. It was not delivered.
 *
 * @since 0.1.0
 * @category errors
 */
export class ApprovalRejected extends Failure.Class<ApprovalRejected>()(
  "ApprovalRejected",
  {
    sha256: Schema.String,
    by: Schema.String,
    at: Schema.DateTimeUtcFromString,
    comment: Schema.NullOr(Schema.String)
  },
  {
    message: (self) =>
      `The setup script was not delivered: ${self.by} rejected it at ${DateTime.formatIso(self.at)}${reasonOf(self.comment)}.`,
    hint: "The script stays in the data directory. Run `privx-kit artifacts diff` to see it."
  }
) {}

/**
 * The run waits for an approval, and the command does not.
 *
 * @since 0.1.0
 * @category errors
 */
export class ApprovalPending extends Failure.Class<ApprovalPending>()(
  "ApprovalPending",
  {
    runId: Schema.String,
    sha256: Schema.String,
    change: Change,
    reference: Schema.NullOr(Reference)
  },
  {
    message: (self) => `Run ${self.runId} is waiting for approval: ${whyWaiting(self)}.`,
    hint: (self) => {
      const id = self.runId.slice(0, 8)
      return `Review the script with \`privx-kit artifacts diff ${id}\`, then run \`privx-kit runs approve ${id}\` or \`privx-kit runs reject ${id}\`.`
    }
  }
) {}

const reasonOf = (comment: string | null): string => (comment === null ? "" : ` (${Failure.singleLine(comment)})`)

const statusText: Record<RunStatus, string> = {
  queued: "is queued",
  running: "is running",
  waiting: "is waiting for approval",
  interrupted: "was interrupted",
  succeeded: "has already succeeded",
  failed: "has failed",
  cancelled: "was cancelled"
}

type Compared = Pick<Review, "change" | "reference">

/**
 * Says why a run waits for an approval, as the rest of a sentence.
 *
 * **Details**: a script that has not changed waits only if every run does.
 *
 * @example
 * ```ts
 * import * as RunFailures from "@privx-kit/runs/RunFailures"
 *
 * export const text = RunFailures.whyWaiting({ change: "new", reference: null })
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const whyWaiting = (review: Compared): string =>
  review.change === "unchanged" ? `every run needs an approval; ${comparison(review)}` : comparison(review)

/**
 * Says how a script compares with the reference of its PrivX host.
 *
 * @example
 * ```ts
 * import * as RunFailures from "@privx-kit/runs/RunFailures"
 *
 * export const text = RunFailures.comparison({ change: "unchanged", reference: { sha256: "ab".repeat(32), basis: "approved" } })
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const comparison = ({ change, reference }: Compared): string => {
  const basis = reference === null ? undefined : basisText[reference.basis]
  if (change === "new" || basis === undefined) return "the PrivX host has no baseline and no approved script yet"
  return change === "unchanged" ? `the script is ${basis}` : `the script differs from ${basis}`
}

/**
 * What a reference is called.
 *
 * @since 0.1.0
 * @category constants
 */
export const basisText: Record<Basis, string> = {
  baseline: "the baseline, which was trusted on first use",
  approved: "the approved one"
}
