/**
 * Whether a text is a whole shell script, by a real parser: nothing is left open, and nothing stands where it cannot.
 *
 * The parser reads Bash, of which the other shells that a script may ask for are, nearly, a part. What a plain `sh` would
 * not understand of it is listed beside the errors. The choice of parser is told in the repository,
 * `docs/decisions/0003-shell-parser.md`.
 *
 * A script that somebody wrote to do harm to the parser costs at most {@link timeLimit}, memory that was there to be had,
 * and never the process.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { getHeapStatistics } from "node:v8"
import type { SyntaxNode } from "unbash"
import { bashOnly } from "./internal/bashOnly.ts"
import { withTimeLimit } from "./internal/timeLimit.ts"
import type { Shell } from "./Shebang.ts"
import type { Position } from "./VerificationReport.ts"

/**
 * Something at a place of the script.
 *
 * @since 0.1.0
 * @category models
 */
export interface Located {
  readonly message: string
  readonly position: Position
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ShellSyntax {
  /** How many commands stand at the top level; comments are none. */
  readonly commands: number
  /** The first thing that is wrong. */
  readonly error: Located | undefined
  /** The first use of each feature of Bash that a plain `sh` lacks; empty for shells that have them. */
  readonly bashOnly: ReadonlyArray<Located>
}

/**
 * How long the parser may take, by the clock on the wall. A set-up script of usual size needs a few milliseconds, real
 * scripts of a megabyte half a second of computing; the rest is for a machine that is busy with other things.
 *
 * @since 0.1.0
 * @category constants
 */
export const timeLimit = Duration.seconds(5)

/**
 * What the parser may need for each character of a script that is made of the costliest syntax, with room to spare:
 * measured were 300 bytes, and about 30 for real scripts. What may not fit is not tried, because running out of memory
 * would end the process.
 */
const bytesPerCharacter = 400

/**
 * Parses `text` for `shell`. Never fails: why a script could not be parsed to the end is the failure of the `Result`.
 *
 * The parser is loaded when it is first needed, and runs on the event loop's thread (see {@link timeLimit}).
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = Effect.fnUntraced(function* (
  text: string,
  shell: Shell | undefined
): Effect.fn.Return<Result.Result<ShellSyntax, string>> {
  // Loaded by itself: a program that verifies nothing does not pay for it.
  const parser = yield* Effect.promise(() => import("unbash"))
  const source = text.startsWith("\ufeff") ? text.slice(1) : text
  const posix = shell === "sh" || shell === "dash"
  return yield* Effect.sync(() => {
    const heap = getHeapStatistics()
    if (source.length * bytesPerCharacter > heap.heap_size_limit - heap.used_heap_size) {
      return Result.fail("too large to be parsed safely in the memory that this process may use")
    }
    try {
      const done = withTimeLimit(Duration.toMillis(timeLimit), () => analyse(parser, source, posix))
      return done === undefined
        ? Result.fail(`not parsed within ${Duration.format(timeLimit)}, which no set-up script needs`)
        : Result.succeed(done.value)
    } catch (error) {
      // The parser bounds most nesting itself; where it does not, the stack does.
      return Result.fail(
        error instanceof RangeError ? "nested too deeply to be parsed" : `the parser broke on it: ${String(error)}`
      )
    }
  })
})

type Parser = typeof import("unbash")

const analyse = (parser: Parser, source: string, posix: boolean): ShellSyntax => {
  const script = parser.parse(source)
  const features = new Map<string, number>()
  let first: { readonly message: string; readonly offset: number } | undefined

  const report = (message: string, offset: number): void => {
    if (first === undefined || offset < first.offset) first = { message, offset }
  }

  // Walked with stacks of its own: what is nested is resolved, and its errors found, only when it is visited.
  const scripts: Array<Nested> = [{ script, text: source, anchor: undefined }]
  for (let nested = scripts.pop(); nested !== undefined; nested = scripts.pop()) {
    const { anchor, text } = nested
    const open: Array<SyntaxNode> = [nested.script]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const parent = node
      if (parent.type === "Script" && "errors" in parent) {
        for (const error of parent.errors ?? []) report(error.message, anchor ?? error.pos)
      }
      if (parent.type === "HereDoc" && parent.closing === undefined) {
        report(`here-document ${parent.delimiter?.text ?? ""} is never closed`, anchor ?? parent.pos)
      }
      const feature = posix ? bashOnly(parent, text) : undefined
      if (feature !== undefined) {
        const offset = anchor ?? parent.pos
        features.set(feature, Math.min(offset, features.get(feature) ?? offset))
      }
      parser.forEachChild(parent, (child) => {
        if (child.type === "Script" && child.source !== undefined) {
          scripts.push({ script: child, text: child.source, anchor: anchor ?? parent.pos })
        } else if (child.type !== "Word" || mayHoldMore.test(child.text)) {
          open.push(child)
        }
      })
    }
  }

  const end = source.trimEnd().length
  return {
    commands: script.commands.length,
    error:
      first === undefined
        ? undefined
        : {
            message: first.offset >= end ? `the script ends too early: ${first.message}` : first.message,
            position: positionOf(source, first.offset)
          },
    bashOnly: [...features]
      .sort(([, a], [, b]) => a - b)
      .map(([message, offset]) => ({ message, position: positionOf(source, offset) }))
  }
}

/** A script with a text of its own: the whole, or one within backquotes, where escapes are removed before it is read. */
interface Nested {
  readonly script: SyntaxNode
  /** The source that the offsets within `script` refer to. */
  readonly text: string
  /** Where to place what is found, when `text` is not the whole. */
  readonly anchor: number | undefined
}

/** A word without any of these is taken as it is, and need not be taken apart: most are. */
const mayHoldMore = /[$`(]/

const positionOf = (source: string, offset: number): Position => {
  let line = 1
  let start = 0
  for (let next = source.indexOf("\n"); next !== -1 && next < offset; next = source.indexOf("\n", start)) {
    line += 1
    start = next + 1
  }
  return { line, column: Array.from(source.slice(start, offset)).length + 1 }
}
