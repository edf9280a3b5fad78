/**
 * What a setup is asked to hold its script to. The request, the inputs in the journal and the body of the API have these fields
 * from here.
 */
import { RequireApproval } from "@privx-kit/runs/Approvals"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Schema from "effect/Schema"

const Bytes = Schema.Int.check(Schema.isGreaterThan(0))

export const expectations = {
  sha256: Schema.optionalKey(Sha256).annotate({ description: "SHA-256 that the script must have" }),
  minBytes: Schema.optionalKey(Bytes).annotate({ description: "The smallest script to accept" }),
  maxBytes: Schema.optionalKey(Bytes).annotate({ description: "The largest script to accept; default 4 MiB" }),
  policy: Schema.optionalKey(VerificationPolicy).annotate({ description: "What the script must fulfil" }),
  requireApproval: Schema.optionalKey(RequireApproval).annotate({
    description: "When a person must approve the script; default never"
  })
}
