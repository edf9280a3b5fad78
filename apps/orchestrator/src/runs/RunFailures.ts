/** What can be said of a run that does not go as asked: there is none, there are several, it is in another state. */
import * as Failure from "@privx-kit/core/Failure"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { Change, RunStatus } from "./Run.ts"

/** There is no run of that id that this process could go on with. */
export class RunNotFound extends Failure.rendered<object>({
  message: (self) => notFound(self as RunNotFound),
  hint: (self) => notFoundHint(self as RunNotFound)
})(
  Schema.TaggedError<RunNotFound, { readonly hint: string }>()("RunNotFound", {
    runId: Schema.String,
    /** The target that the run belongs to, when there is such a run. */
    target: Schema.optionalKey(Schema.String)
  })
) {}

const notFound = (self: RunNotFound): string =>
  self.target === undefined
    ? `There is no run ${self.runId} in the data folder.`
    : `The run ${self.runId} belongs to ${self.target}.`

const notFoundHint = (self: RunNotFound): string =>
  self.target === undefined ? "privx-kit runs list shows those that there are." : "Give --base-url for that PrivX."

/** The beginning of an id fits several runs. */
export class RunAmbiguous extends Failure.rendered<{ readonly beginning: string; readonly ids: ReadonlyArray<string> }>(
  {
    message: (self) => `Several runs begin with ${self.beginning}: ${self.ids.join(", ")}.`,
    hint: () => "Give more of the id."
  }
)(
  Schema.TaggedError<RunAmbiguous, { readonly hint: string }>()("RunAmbiguous", {
    beginning: Schema.String,
    /** Some of them. */
    ids: Schema.Array(Schema.String)
  })
) {}

/** What was asked for cannot be done with a run in this state. Nothing was changed. */
export class RunConflict extends Failure.rendered<{
  readonly runId: string
  readonly status: string
  readonly detail: string
}>({
  message: (self) => `The run ${self.runId} is ${self.status}: ${self.detail}.`,
  hint: (self) => `privx-kit runs show ${self.runId.slice(0, 8)} tells more of it.`
})(
  Schema.TaggedError<RunConflict, { readonly hint: string }>()("RunConflict", {
    runId: Schema.String,
    status: RunStatus,
    detail: Schema.String
  })
) {}

/** Somebody has cancelled the run. */
export class RunCancelled extends Failure.rendered<{ readonly by: string; readonly at: DateTime.Utc }>({
  message: (self) => `The run was cancelled by ${self.by} at ${DateTime.formatIso(self.at)}.`,
  hint: () => "privx-kit runs retry carries it out again."
})(
  Schema.TaggedError<RunCancelled, { readonly hint: string }>()("RunCancelled", {
    by: Schema.String,
    at: Schema.DateTimeUtcFromString
  })
) {}

/** Somebody has rejected the script. It was not delivered. */
export class ApprovalRejected extends Failure.rendered<object>({
  message: (self) => rejected(self as ApprovalRejected),
  hint: () => "The script is kept in the data folder; privx-kit artifacts diff shows what is in it."
})(
  Schema.TaggedError<ApprovalRejected, { readonly hint: string }>()("ApprovalRejected", {
    sha256: Schema.String,
    by: Schema.String,
    at: Schema.DateTimeUtcFromString,
    comment: Schema.NullOr(Schema.String)
  })
) {}

const rejected = (self: ApprovalRejected): string => {
  const why = self.comment === null ? "" : ` (${Failure.singleLine(self.comment)})`
  return `The set-up script was rejected by ${self.by} at ${DateTime.formatIso(self.at)}${why}; it was not delivered.`
}

/** The run waits for an approval, and whoever asked for it does not want to wait as long. */
export class ApprovalPending extends Failure.rendered<object>({
  message: (self) => pending(self as ApprovalPending),
  hint: (self) => pendingHint(self as ApprovalPending)
})(
  Schema.TaggedError<ApprovalPending, { readonly hint: string }>()("ApprovalPending", {
    runId: Schema.String,
    sha256: Schema.String,
    change: Change
  })
) {}

const pending = (self: ApprovalPending): string =>
  `The run ${self.runId} waits for approval: ${changeText[self.change]}.`

const pendingHint = (self: ApprovalPending): string => {
  const id = self.runId.slice(0, 8)
  return `Look at it with: privx-kit artifacts diff ${id}; then: privx-kit runs approve ${id}, or reject.`
}

/** What a change means, for a person. */
export const changeText: Record<Change, string> = {
  new: "no script of this PrivX has been approved yet",
  unchanged: "the script is the approved one",
  changed: "the script differs from the approved one"
}
