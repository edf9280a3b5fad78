/** What the parser and the analysis say of a script. */
import type { ScriptFact } from "../ScriptFacts.ts"
import type { Place } from "../VerificationReport.ts"

/**
 * Something at a place of the script.
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
  /** Holds U+0000 or U+0001 for each expansion whose value only running the script would tell. */
  readonly path: string
}

/**
 * Each list is in the order of the script, and ends at 1000.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShellSyntax {
  /** How many commands stand at the top level; comments are none. */
  readonly commands: number
  /** The first thing that is wrong. */
  readonly error: Located | undefined
  /** The blocks, quotes and here-documents that are never closed, at the place where they are opened. */
  readonly unclosed: ReadonlyArray<Located>
  /** The function whose definition is the last thing in the script, when it is one: nothing calls it after that. */
  readonly endsInFunction: Located | undefined
  /** The first use of each feature of Bash that a plain `sh` lacks; empty for shells that have them. */
  readonly bashOnly: ReadonlyArray<Located>
  /** Names of commands, functions and variables that are not all ASCII. */
  readonly foreignNames: ReadonlyArray<Located>
  /** Commands that fetch or decode something and run it. */
  readonly fetchedCode: ReadonlyArray<Located>
  /** Commands that remove, or overwrite, much more than one thing. */
  readonly broadRemovals: ReadonlyArray<Located>
  readonly writes: ReadonlyArray<Written>
  /** Commands that change what gives power over the host, or take its defences away. */
  readonly sensitiveChanges: ReadonlyArray<Located>
  /** What shows a reader something else than a shell reads. */
  readonly readerTricks: ReadonlyArray<Located>
  /** The first text after the script that does not belong to it. */
  readonly appended: Located | undefined
  /** The function that is defined last, when nothing in the script names it again. */
  readonly uncalledLast: Located | undefined
  /** What the last lines prepare for, where it does not follow; `certain` where no sound script ends so. */
  readonly unfinished: (Located & { readonly certain: boolean }) | undefined
  /** The first command behind an unconditional end of the script. */
  readonly unreachable: Located | undefined
  /** Whether the script always ends by itself, so that no shell reads on behind it. */
  readonly endsInExit: boolean
  /** What the commands do to the host. */
  readonly facts: ReadonlyArray<ScriptFact>
  /** Whether the calls and the code within code were too many to follow all of them. */
  readonly incomplete: boolean
}
