/**
 * The failures of a setup run, as the journal stores them: decoding the JSON returns the same class.
 */
import { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Failure } from "@privx-kit/core/Failure"
import { renderCounts } from "@privx-kit/ueba/VerificationReport"
import { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import * as Schema from "effect/Schema"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import { HostUnusable } from "./HostUnusable.ts"
import { ApprovalRejected, InternalError, InvalidInput, RunCancelled, StepRefused } from "@privx-kit/runs/RunFailures"

export const SetupFailure = Schema.Union([
  PrivxFailure,
  VerificationFailed,
  StorageFailed,
  InvalidInput,
  InternalError,
  RunCancelled,
  ApprovalRejected,
  StepRefused,
  HostUnusable
])

export type SetupFailure = typeof SetupFailure.Type

/** The text of the failure without operation and hint, for a line that already contains both. */
export const brief = (failure: Failure): string =>
  failure instanceof VerificationFailed
    ? renderCounts(failure.report)
    : failure.message.replace(/^[\w.]+ failed: /, "").replace(/\.$/, "")
