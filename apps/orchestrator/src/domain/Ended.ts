/** That a command has said everything: only the exit code is left. */
import * as Runtime from "effect/Runtime"

export class Ended extends Error {
  readonly _tag = "Ended"
  override readonly [Runtime.errorExitCode]: number
  override readonly [Runtime.errorReported] = false
  constructor({ code, name }: { readonly code: number; readonly name: string }) {
    super(name)
    this[Runtime.errorExitCode] = code
  }
}
