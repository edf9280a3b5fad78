/** The interface of the interpreter for the modules that each handle one kind of command. */
import type { SyntaxNode } from "unbash"
import type { Machine } from "./machine.ts"
import type { Site } from "../syntax/shellTree.ts"
import type { Origin, Value } from "../values/shellValue.ts"
import type { Environment } from "./wordExpansion.ts"

/** One expanded field of a command. */
export interface Argument {
  readonly text: string
  readonly origin: Origin | undefined
  /** All possible values, if there are more than `text`. */
  readonly value?: Value
}

export interface Interpreter {
  readonly machine: Machine
  readonly environment: Environment
  /** Runs a node and returns its output, if the output is captured. */
  readonly run: (node: SyntaxNode, stdin: Value | undefined) => Value
  /** Joins outputs in order, if something reads them. */
  readonly joined: (left: Value, right: Value) => Value
  /** Runs `work` with its output captured. */
  readonly capture: (work: () => Value) => Value
  /** Runs `work` at a place of the script. */
  readonly at: <A>(site: Site, work: () => A) => A
  /** Records that a command writes `value` to a file. A process substitution reads it as its input. */
  readonly write: (path: string, value: Value, append: boolean) => void
  /** Expands every word below a node that is not a command, because words may contain commands. */
  readonly expandAll: (node: SyntaxNode) => void
  /** Runs `value` as shell code, in the current shell. */
  readonly runCode: (value: Value, stdin: Value | undefined, by: string) => Value
  /** Reports code, or a file that contains code, whose origin is not the visible text of the script. */
  readonly reportOrigin: (origin: Origin | undefined, by: string, what: "code" | "a file") => void
  /** Records that the script has verified the content of a file: running it is not a finding. */
  readonly trustFile: (path: string) => void
  /** Runs the code of a trap at the end of the script. */
  readonly defer: (value: Value, by: string) => void
  /** Calls a function of the script. */
  readonly callFunction: (name: string, args: ReadonlyArray<Argument>, stdin: Value | undefined) => Value
  /** Calls a command with these words. */
  readonly invoke: (args: ReadonlyArray<Argument>, stdin: Value | undefined) => Value
  /** Whether a text is its origin as a whole, and not a path below it. */
  readonly isWholly: (text: string) => boolean
}
