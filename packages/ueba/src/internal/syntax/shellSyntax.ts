/** The result of parsing and analyzing a script. */
import type { ScriptFact } from "../../ScriptFacts.ts"
import type { Place } from "../../VerificationReport.ts"

/**
 * A finding with its place in the script.
 *
 * @since 0.1.0
 * @category models
 */
export type Located = Place

/**
 * A file or directory that a command or a redirection writes to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Written extends Located {
  /** Contains U+0000 or U+0001 for each expansion whose value only running the script would determine. */
  readonly path: string
}

/**
 * Each list is in script order and has at most 1,000 entries.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShellSyntax {
  /** The number of commands at the top level, without comments. */
  readonly commands: number
  /** The first syntax error. */
  readonly error: Located | undefined
  /** The blocks, quotes and here-documents that are never closed, at their opening. */
  readonly unclosed: ReadonlyArray<Located>
  /**
   * The function whose definition is the last statement of the script, if there is one: nothing calls it afterwards.
   */
  readonly endsInFunction: Located | undefined
  /** The first use of each Bash feature that a plain `sh` lacks; empty for shells that support Bash features. */
  readonly bashOnly: ReadonlyArray<Located>
  /** Names of commands, functions and variables that contain non-ASCII characters. */
  readonly foreignNames: ReadonlyArray<Located>
  /** Commands that download or decode code and run it. */
  readonly fetchedCode: ReadonlyArray<Located>
  /** Commands that remove or overwrite much more than a single file or object. */
  readonly broadRemovals: ReadonlyArray<Located>
  readonly writes: ReadonlyArray<Written>
  /** Commands that change a file that gives control over the host, or that remove its defences. */
  readonly sensitiveChanges: ReadonlyArray<Located>
  /** Text that a reader sees differently from a shell. */
  readonly readerTricks: ReadonlyArray<Located>
  /** The first text after the script that does not belong to it. */
  readonly appended: Located | undefined
  /** The last defined function, if nothing in the script names it again. */
  readonly uncalledLast: Located | undefined
  /** What the last lines prepare for and what does not follow; `certain` if no complete script ends like this. */
  readonly unfinished: (Located & { readonly certain: boolean }) | undefined
  /** The first command after an unconditional exit of the script. */
  readonly unreachable: Located | undefined
  /** Whether the script always exits, so that no shell reads past its end. */
  readonly endsInExit: boolean
  /** The effects of the commands on the host. */
  readonly facts: ReadonlyArray<ScriptFact>
  /** Whether there were too many calls, or too much code within code, to interpret all of them. */
  readonly incomplete: boolean
}
