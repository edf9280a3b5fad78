/**
 * Everything a setup run can fail with, as it is journalled: a JSON round trip gives the same class.
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

/** What failed, without the operation's name and the advice, for a line that says both already. */
export const brief = (failure: Failure): string =>
  failure instanceof VerificationFailed
    ? renderCounts(failure.report)
    : failure.message.replace(/^[\w.]+ failed: /, "").replace(/\.$/, "")
