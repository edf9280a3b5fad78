/** The server refused the request for a reason of its own: the token, the role, or its state. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class ServerRefused extends Failure.Class<ServerRefused>()(
  "ServerRefused",
  {
    /** HTTP status of the answer. */
    status: Schema.Int,
    /** Class of the failure, from the `type` of the answer, e.g. `Forbidden` or `FourEyes`. */
    reason: Schema.String,
    /** What the server says. */
    detail: Schema.String,
    advice: Schema.String
  },
  {
    message: (self) => self.detail,
    hint: (self) => self.advice
  }
) {}
