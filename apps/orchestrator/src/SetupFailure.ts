/**
 * Everything a set-up run can fail with, as it is journalled: a JSON round trip gives the same class.
 */
import * as Failure from "@privx-kit/core/Failure"
import { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import * as Schema from "effect/Schema"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { HostUnusable } from "./HostUnusable.ts"
import { ApprovalRejected, RunCancelled } from "./runs/RunFailures.ts"

/** A set-up was asked for with something that makes no sense. Nothing was begun. */
export class InvalidInput extends Failure.rendered<{ readonly detail: string }>({
  message: (self) => `The set-up cannot be begun with these inputs: ${self.detail}.`,
  hint: () => "Correct the input that the message names."
})(Schema.TaggedError<InvalidInput, { readonly hint: string }>()("InvalidInput", { detail: Schema.String })) {}

/** privx-kit itself is at fault: something happened that its author held impossible. */
export class InternalError extends Failure.rendered<{ readonly detail: string }>({
  message: (self) => `A fault in privx-kit: ${self.detail}.`,
  hint: () => "Please report it, with the version of privx-kit and what it was doing."
})(Schema.TaggedError<InternalError, { readonly hint: string }>()("InternalError", { detail: Schema.String })) {}

export const SetupFailure = Schema.Union([
  PrivxFailure,
  VerificationFailed,
  StorageFailed,
  InvalidInput,
  InternalError,
  RunCancelled,
  ApprovalRejected,
  HostUnusable
])

export type SetupFailure = typeof SetupFailure.Type
