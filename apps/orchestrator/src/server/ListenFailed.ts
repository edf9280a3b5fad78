/** The server cannot listen on the given address. */
import * as Failure from "@privx-kit/core/Failure"
import * as Schema from "effect/Schema"

export class ListenFailed extends Failure.Class<ListenFailed>()(
  "ListenFailed",
  {
    address: Schema.String,
    detail: Schema.String,
    code: Schema.optionalKey(Schema.String)
  },
  {
    message: (self) => `The server cannot listen on ${self.address}: ${self.detail}.`,
    hint: "Choose another address or port with --listen, or stop the process that uses this one."
  }
) {}
