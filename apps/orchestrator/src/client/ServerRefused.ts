/** The server refused the request because of the token, the role or its state. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class ServerRefused extends Failure.Class<ServerRefused>()(
  "ServerRefused",
  {
    /** HTTP status of the response. */
    status: Schema.Int,
    /** Class of the failure, from the `type` of the response, e.g. `Forbidden` or `FourEyes`. */
    reason: Schema.String,
    /** The message of the server. */
    detail: Schema.String,
    advice: Schema.String
  },
  {
    message: (self) => self.detail,
    hint: (self) => self.advice
  }
) {}
