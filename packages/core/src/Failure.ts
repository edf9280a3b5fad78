/**
 * What every failure of the kit has in common, whichever package it comes from: it is an `Error` with a `_tag`, its
 * `message` says in one line what failed and why, and its `hint` says what to do about it.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"

/**
 * @since 0.1.0
 * @category models
 */
export interface Failure extends Error {
  /** The class name; what `Effect.catchTag` matches. */
  readonly _tag: string
  /** One line: what failed and why. Never contains a secret. */
  readonly message: string
  /** One line: what the reader can do about it. */
  readonly hint: string
}

/**
 * Gives a failure class its `message` and `hint`. Both are computed when they are read, so that a failure that is
 * retried away costs nothing to render, and neither goes into the journal.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rendered =
  <Self>(rendering: { readonly message: (self: Self) => string; readonly hint: (self: Self) => string }) =>
  <Class extends { readonly prototype: Self }>(failureClass: Class): Class => {
    Object.defineProperties(failureClass.prototype, {
      message: {
        get(this: Self) {
          return singleLine(rendering.message(this))
        },
        configurable: true
      },
      hint: {
        get(this: Self) {
          return singleLine(rendering.hint(this))
        },
        configurable: true
      }
    })
    return failureClass
  }

/**
 * What a failure carries beside what every failure has.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields<Self extends Failure> = Omit<Self, keyof Failure | keyof Cause.YieldableError>

/**
 * A failure from fields that are known to be right: the same as its class's constructor makes of them, but they are not
 * checked once more, and there is no stack. What comes out of a socket has no caller that a stack could show, and the two
 * cost several times as much as reading the body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const trusted = <Self extends Failure>(
  failureClass: { readonly identifier: string; readonly prototype: Self },
  fields: Fields<Self>
): Self => {
  const { stackTraceLimit } = Error
  // Not by assignment, which throws where the intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", 0)
  const failure = Reflect.construct(Error, [], failureClass.prototype.constructor)
  Reflect.set(Error, "stackTraceLimit", stackTraceLimit)
  return Object.assign(failure, { _tag: failureClass.identifier }, fields)
}

/**
 * Failure and advice in one line for a person.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (failure: Failure): string => `${failure.message} ${failure.hint}`

/**
 * Text from a server, made safe to stand in one line of a terminal or a log: control characters (line breaks and
 * terminal escapes among them) become spaces, and what is long is cut.
 *
 * @since 0.1.0
 * @category rendering
 */
export const singleLine = (text: string, limit = 500): string => {
  // eslint-disable-next-line no-control-regex -- control characters are what this removes
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ").trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}
