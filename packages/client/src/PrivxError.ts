/**
 * The errors with which calls reject: an `Error` with a code, the HTTP status if there is one, and a hint that says
 * what to do.
 *
 * {@link PrivxError} is the base class. An `ApiError` is an error body of PrivX; its `code` is the `error_code`.
 *
 * @since 0.1.0
 */
import type * as Failure from "@privx-kit/core/Failure"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import type { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import * as Verification from "@privx-kit/ueba/VerificationReport"
import * as Duration from "effect/Duration"
import { type Plain, toPlain } from "./Plain.ts"

/**
 * The facts about an error in addition to its message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Details {
  readonly code: string
  readonly hint: string
  readonly operation?: string | undefined
  readonly status?: number | undefined
  readonly requestId?: string | undefined
  readonly retryAfter?: number | undefined
  readonly retryable?: boolean | undefined
  readonly cause?: unknown
}

/**
 * The base class of every error of this package except `AbortError`.
 *
 * **Details**: `cause` is the failure of the underlying package, with all its fields. The stack points to the call.
 *
 * @example
 * ```ts
 * import { PrivxError, type Privx } from "@privx-kit/client"
 *
 * const status = async (privx: Privx): Promise<string> => {
 *   try {
 *     return (await privx.ueba.status()).status ?? "unknown"
 *   } catch (error) {
 *     if (error instanceof PrivxError && error.status === 403) return error.hint
 *     throw error
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class PrivxError extends Error {
  override readonly name: string = "PrivxError"
  /**
   * A stable code for comparisons: the `error_code` of PrivX (`MAX_LOAD`), the code of OAuth (`invalid_grant`), the
   * system's code or the reason of a transport error (`ECONNREFUSED`, `TIMEOUT`), `UNEXPECTED_RESPONSE`,
   * `VERIFICATION_FAILED`, `STORAGE_FULL`, `INVALID_ARGUMENT`, `CLOSED`.
   */
  readonly code: string
  /** The HTTP status of the response; `undefined` if there was none. */
  declare readonly status?: number
  /** The operation that failed, e.g. `Ueba.createSession`. */
  declare readonly operation?: string
  /** What to do about it, for a person. */
  declare readonly hint: string
  /** The server's id of the request, if it sent one. */
  declare readonly requestId?: string
  /** How long the server asked to wait, in milliseconds. */
  declare readonly retryAfter?: number
  /** Whether the same call may succeed later. Calls that are safe to repeat have already been retried. */
  readonly retryable: boolean

  constructor(message: string, details: Details) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    // The name belongs to the class and is not printed as a field.
    Object.defineProperty(this, "name", { value: new.target.title, enumerable: false })
    // The hint is printed on the second line of the stack.
    Object.defineProperty(this, "hint", { value: details.hint, enumerable: false })
    this.code = details.code
    this.retryable = details.retryable ?? false
    const { operation, requestId, retryAfter, status } = details
    Object.assign(
      this,
      Object.fromEntries(Object.entries({ operation, requestId, retryAfter, status }).filter(isKnown))
    )
  }

  /** @internal */
  static readonly title: string = "PrivxError"

  /**
   * The text that vitest prints below the message.
   *
   * @internal
   */
  get codeFrame(): string {
    return this.hint
  }
}

const isKnown = ([, value]: readonly [string, unknown]): boolean => value !== undefined

/**
 * PrivX answered with an error body. `code` is its `error_code`, e.g. `PERMISSION_DENIED`.
 *
 * @since 0.1.0
 * @category errors
 */
export class ApiError extends PrivxError {
  /** @internal */
  static override readonly title: string = "ApiError"
}

/**
 * The authorization server refused a login. `code` is that of OAuth, e.g. `invalid_client`.
 *
 * @since 0.1.0
 * @category errors
 */
export class LoginError extends PrivxError {
  /** @internal */
  static override readonly title: string = "LoginError"
}

/**
 * A response that the API reference does not describe, e.g. the HTML page of a proxy. `code` is `UNEXPECTED_RESPONSE`.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedResponseError extends PrivxError {
  /** @internal */
  static override readonly title: string = "UnexpectedResponseError"
}

/**
 * No complete response was received: no connection, no trust, a timeout. `code` is the system's error code if there is
 * one, otherwise the reason, e.g. `TIMEOUT`.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionError extends PrivxError {
  /** @internal */
  static override readonly title: string = "ConnectionError"
}

/**
 * The setup script must not be trusted. Contains the complete report. `code` is `VERIFICATION_FAILED`.
 *
 * @since 0.1.0
 * @category errors
 */
export class VerificationError extends PrivxError {
  /** @internal */
  static override readonly title: string = "VerificationError"
  /** Every check with its outcome. */
  declare readonly report: Plain<Verification.VerificationReport>

  constructor(message: string, details: Details, report: Plain<Verification.VerificationReport>) {
    super(message, details)
    // A complete report would be too long for each stack.
    Object.defineProperty(this, "report", { value: report, enumerable: false })
  }
}

/**
 * A file or directory could not be used. `code` is `STORAGE_` and the reason, e.g. `STORAGE_FULL`.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageError extends PrivxError {
  /** @internal */
  static override readonly title: string = "StorageError"
}

/**
 * An argument or an option is not valid; nothing was sent. `code` is `INVALID_ARGUMENT`.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidArgumentError extends PrivxError {
  /** @internal */
  static override readonly title: string = "InvalidArgumentError"

  constructor(message: string, details: { readonly hint: string; readonly operation?: string | undefined }) {
    super(message, { code: "INVALID_ARGUMENT", ...details })
  }
}

/**
 * The call was aborted by its signal. `cause` is the reason of the signal.
 *
 * @since 0.1.0
 * @category errors
 */
export class AbortError extends Error {
  override readonly name = "AbortError"
  readonly code = "ABORT_ERR"

  constructor(operation: string, cause: unknown) {
    super(`${operation} was aborted.`, { cause })
    Object.defineProperty(this, "name", { value: "AbortError", enumerable: false })
  }
}

/** `nameResolution` → `NAME_RESOLUTION`. */
const constant = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

/**
 * Converts a failure to its error.
 *
 * @internal
 */
export const fromFailure = (failure: PrivxFailure | VerificationFailed | StorageFailed): PrivxError => {
  const { hint, message } = failure
  switch (failure._tag) {
    case "VerificationFailed":
      return new VerificationError(
        message,
        { code: "VERIFICATION_FAILED", hint, operation: "Ueba.setup", cause: failure },
        toPlain(failure.report) as Plain<Verification.VerificationReport>
      )
    case "StorageFailed":
      return new StorageError(message, { code: `STORAGE_${constant(failure.reason)}`, hint, cause: failure })
    case "TransportError": {
      const retryable = RetryPolicy.isRetryable(failure, true)
      const code = failure.code ?? constant(failure.reason)
      return new ConnectionError(message, { code, hint, operation: failure.operation, retryable, cause: failure })
    }
    default: {
      const details: Details = {
        code: "code" in failure ? failure.code : "UNEXPECTED_RESPONSE",
        hint,
        operation: failure.operation,
        status: failure.status,
        requestId: failure.requestId,
        retryAfter: failure.retryAfter === undefined ? undefined : Duration.toMillis(failure.retryAfter),
        retryable: RetryPolicy.isRetryable(failure, true),
        cause: failure
      }
      if (failure._tag === "OAuthError") return new LoginError(message, details)
      if (failure._tag === "UnexpectedResponse") return new UnexpectedResponseError(message, details)
      return new ApiError(message, details)
    }
  }
}

/** @internal */
export const isFailure = (error: unknown): error is Failure.Failure & Parameters<typeof fromFailure>[0] =>
  error instanceof Error && "_tag" in error && "hint" in error
