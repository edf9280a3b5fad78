/** What follows a script, as the modules see it that follow one kind of command each. */
import type { SyntaxNode } from "unbash"
import type { Machine } from "./machine.ts"
import type { Site } from "./shellTree.ts"
import type { Origin, Value } from "./shellValue.ts"
import type { Environment } from "./wordExpansion.ts"

/** One field of a command as it is called. */
export interface Argument {
  readonly text: string
  readonly origin: Origin | undefined
  /** All that it may be, where that is more than `text`. */
  readonly value?: Value
}

export interface Interpreter {
  readonly machine: Machine
  readonly environment: Environment
  /** Runs a node, and answers with what it puts out, when that is captured. */
  readonly run: (node: SyntaxNode, stdin: Value | undefined) => Value
  /** Joins outputs in order, if something reads them. */
  readonly joined: (left: Value, right: Value) => Value
  /** Runs work whose output is read. */
  readonly capture: (work: () => Value) => Value
  /** Runs work at a place of the script. */
  readonly at: <A>(site: Site, work: () => A) => A
  /** A command writes `value` to a file; a process substitution takes it for its input. */
  readonly write: (path: string, value: Value, append: boolean) => void
  /** Expands every word below a node that is not a command: words may contain commands. */
  readonly expandAll: (node: SyntaxNode) => void
  /** Runs `value` as shell code, in the current shell. */
  readonly runCode: (value: Value, stdin: Value | undefined, by: string) => Value
  /** Code, or the file that holds it, is not what a reader of the script sees. */
  readonly reportOrigin: (origin: Origin | undefined, by: string, what: "code" | "a file") => void
  /** The content of a file was checked: running it is not a finding. */
  readonly trustFile: (path: string) => void
  /** Runs what is given to a trap when the script ends. */
  readonly defer: (value: Value, by: string) => void
  /** Calls a function of the script. */
  readonly callFunction: (name: string, args: ReadonlyArray<Argument>, stdin: Value | undefined) => Value
  /** Calls a command with these words. */
  readonly invoke: (args: ReadonlyArray<Argument>, stdin: Value | undefined) => Value
  /** Whether the whole of a text is what it came from: not a path into it. */
  readonly isWholly: (text: string) => boolean
}
