/**
 * Whether a text is a whole shell script, by a real parser: nothing is left open, and nothing stands where it cannot. And
 * what the commands in it do, as far as the text tells.
 *
 * The parser reads Bash, of which the other shells that a script may ask for are, nearly, a part. What a plain `sh` would
 * not understand of it is listed beside the errors. The choice of parser is told in the repository,
 * `docs/decisions/0003-shell-parser.md`.
 *
 * A script that somebody wrote to do harm to the parser costs at most {@link quickLimit} of the event loop, a thread for
 * {@link timeLimit}, and {@link memoryLimit} of memory.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { getHeapStatistics } from "node:v8"
import type { Answer } from "./internal/parserThread.ts"
import { withTimeLimit } from "./internal/timeLimit.ts"
import type { Shell } from "./Shebang.ts"
import type { Place } from "./VerificationReport.ts"

/**
 * Something at a place of the script.
 *
 * @since 0.1.0
 * @category models
 */
export type Located = Place

/**
 * A file or folder that a command or a redirection writes to.
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
}

/**
 * How long the parser may hold the event loop, by the clock on the wall. A set-up script of usual size needs a few
 * milliseconds. What takes longer begins again in a thread of its own.
 *
 * @since 0.1.0
 * @category constants
 */
export const quickLimit = Duration.millis(100)

/**
 * How long the thread may compute. Four megabytes of dense code, as much as is read unless said otherwise, need three to six
 * seconds. Time that a busy machine gives to others does not count, up to a minute on the wall; before Node 24.6, which cannot
 * tell, the thread has twice as long on the wall.
 *
 * @since 0.1.0
 * @category constants
 */
export const timeLimit = Duration.seconds(10)

/**
 * What the heap of the thread may grow to, in megabytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const memoryLimit = 512

/** Longer texts go to the thread at once, because of the memory. */
const quickLength = 256 * 1024

/**
 * What the parser may need for each character of a script that is made of the costliest syntax, with room to spare:
 * measured were 300 bytes, and about 30 for real scripts. In the main thread, what may not fit is not tried, because running
 * out of memory would end the process.
 */
const bytesPerCharacter = 400

/** How many scripts may be in threads at a time. */
const threads = Semaphore.makeUnsafe(2)

/**
 * Parses `text` for `shell`. Never fails: why a script could not be parsed to the end is the failure of the `Result`.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = Effect.fnUntraced(function* (
  text: string,
  shell: Shell | undefined
): Effect.fn.Return<Result.Result<ShellSyntax, string>> {
  const source = text.startsWith("\ufeff") ? text.slice(1) : text
  const posix = shell === "sh" || shell === "dash"
  if (source.length <= quickLength && fits(source)) {
    const answer = yield* here(source, posix, quickLimit)
    if (!("stopped" in answer)) return resultOf(answer)
  }
  const thread = yield* Effect.promise(() => import("./internal/parserThread.ts"))
  if (!thread.available) {
    return fits(source) ? resultOf(yield* here(source, posix, Duration.seconds(5))) : resultOf({ stopped: "memory" })
  }
  const limits = { time: Duration.toMillis(timeLimit), memory: memoryLimit }
  const answer = Effect.callback<Answer>((resume) => {
    const stop = thread.start({ source, posix }, limits, (answer) => resume(Effect.succeed(answer)))
    return Effect.sync(stop)
  })
  return resultOf(yield* threads.withPermits(1)(answer))
})

const fits = (source: string): boolean => {
  const heap = getHeapStatistics()
  return source.length * bytesPerCharacter <= heap.heap_size_limit - heap.used_heap_size
}

/** On the event loop's thread. */
const here = Effect.fnUntraced(function* (
  source: string,
  posix: boolean,
  limit: Duration.Duration
): Effect.fn.Return<Answer> {
  // Loaded by themselves: a program that verifies nothing does not pay for them.
  const [parser, { analyse }] = yield* Effect.promise(() =>
    Promise.all([import("unbash"), import("./internal/analysis.ts")])
  )
  return yield* Effect.sync((): Answer => {
    try {
      const done = withTimeLimit(Duration.toMillis(limit), () => analyse(parser, source, posix))
      return done === undefined ? { stopped: "time" } : { syntax: done.value }
    } catch (error) {
      return { broken: error }
    }
  })
})

const resultOf = (answer: Answer): Result.Result<ShellSyntax, string> => {
  if ("syntax" in answer) return Result.succeed(answer.syntax)
  if ("broken" in answer) {
    // The parser bounds most nesting itself; where it does not, the stack does.
    return Result.fail(
      answer.broken instanceof RangeError
        ? "nested too deeply to be parsed"
        : `the parser broke on it: ${String(answer.broken)}`
    )
  }
  return Result.fail(
    answer.stopped === "time"
      ? `not parsed within ${Duration.format(timeLimit)} of computing, which no set-up script needs`
      : `too large to be parsed in the ${memoryLimit} MB that it may use, which no set-up script needs`
  )
}
