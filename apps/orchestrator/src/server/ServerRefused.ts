/** The server of the kit did not do what it was asked, for a reason of its own: who asks, or how it is. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class ServerRefused extends Failure.rendered<{ readonly detail: string; readonly advice: string }>({
  message: (self) => self.detail,
  hint: (self) => self.advice
})(
  Schema.TaggedError<ServerRefused, { readonly hint: string }>()("ServerRefused", {
    /** HTTP status of the answer. */
    status: Schema.Int,
    /** `_tag` of the answer, e.g. `Forbidden` or `FourEyes`. */
    reason: Schema.String,
    /** What the server says. */
    detail: Schema.String,
    advice: Schema.String
  })
) {}
