/** A host of a fleet that was handed to a server cannot be reached by the process that was to set it up. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class HostUnusable extends Failure.rendered<{
  readonly target: string
  readonly problems: ReadonlyArray<string>
}>({
  message: (self) => `${self.target} cannot be set up from here: ${self.problems.join("; ")}.`,
  hint: () =>
    "Correct it where the work is done, at each privx-kit worker or at privx-kit serve; then: privx-kit fleet retry."
})(
  Schema.TaggedError<HostUnusable, { readonly hint: string }>()("HostUnusable", {
    /** Base URL of the PrivX. */
    target: Schema.String,
    /** Each names a place, and never what is there. */
    problems: Schema.Array(Schema.String)
  })
) {}
