/** Ends a command that has printed all its output, with an exit code. */
import type { Failure } from "@privx-kit/core/Failure"
import * as Runtime from "effect/Runtime"

export class Ended extends Error {
  readonly _tag = "Ended"
  override readonly [Runtime.errorExitCode]: number
  override readonly [Runtime.errorReported] = false
  /** The failure that was shown, if there was one. */
  readonly failure: Failure | undefined
  constructor({ code, name }: { readonly code: number; readonly name: string }, failure?: Failure) {
    super(name)
    this[Runtime.errorExitCode] = code
    this.failure = failure
  }
}
