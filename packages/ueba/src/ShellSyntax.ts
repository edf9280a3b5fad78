/**
 * Parses a shell script with a real parser: whether it is complete and syntactically valid, and what its commands do as
 * far as the text shows.
 *
 * The parser supports Bash, of which the other supported shells are nearly a subset. Syntax that a plain `sh` does not
 * support is listed separately from errors. For the choice of the parser see `docs/decisions/0003-shell-parser.md` in
 * the repository.
 *
 * A script that was written to attack the parser costs at most {@link quickLimit} of the event loop, a thread for
 * {@link timeLimit}, and {@link memoryLimit} of memory.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { getHeapStatistics } from "node:v8"
import { excessOf } from "./internal/syntax/excess.ts"
import type { Answer } from "./internal/parserThread.ts"
import type { Located, ShellSyntax, Written } from "./internal/syntax/shellSyntax.ts"
import { withTimeLimit } from "./internal/syntax/timeLimit.ts"
import type { Shell } from "./Shebang.ts"

export type { Located, ShellSyntax, Written }

/**
 * How long the parser may block the event loop, in elapsed time. A setup script of usual size needs a few milliseconds.
 * A script that takes longer is parsed again in a separate thread.
 *
 * @since 0.1.0
 * @category constants
 */
export const quickLimit = Duration.millis(50)

/**
 * CPU time limit of the thread. Four megabytes of dense code, the default size limit, need three to six seconds. Time
 * that a busy machine spends on other processes does not count, up to one minute of elapsed time. Before Node 24.6,
 * which does not report CPU time, the limit is twice this value in elapsed time.
 *
 * @since 0.1.0
 * @category constants
 */
export const timeLimit = Duration.seconds(7)

/**
 * Maximum heap of the thread, in megabytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const memoryLimit = 512

/** Longer texts are parsed in the thread at once, because of their memory. */
const quickLength = 64 * 1024

/**
 * Estimated memory of the parser per character of the costliest syntax, with a margin: measured were 300 bytes, and
 * about 30 for real scripts. In the main thread, a script that may not fit is not parsed, because running out of memory
 * would end the process.
 */
const bytesPerCharacter = 400

/** Maximum number of concurrent threads. */
const threads = Semaphore.makeUnsafe(2)

/**
 * Parses a script for a shell.
 *
 * **When to use**: for the syntax alone. `VerifySetupScript.inspectSetupScript` parses the script and checks it.
 *
 * **Details**: the parser reads Bash. For `sh` and `dash`, `bashOnly` lists the syntax that they do not support. A
 * syntax error is a part of the result, as `error`. A byte order mark at the start is ignored.
 *
 * **Errors**: the effect never fails. The `Result` fails with the reason why the script could not be parsed completely:
 * it takes more time, memory or nesting than the parser allows, or the parser itself failed.
 *
 * @example
 * ```ts
 * import * as ShellSyntax from "@privx-kit/ueba/ShellSyntax"
 * import * as Effect from "effect/Effect"
 * import * as Result from "effect/Result"
 *
 * export const unclosed = (script: string) =>
 *   Effect.map(
 *     ShellSyntax.parse(script, "sh"),
 *     Result.map(({ unclosed }) => unclosed)
 *   )
 * ```
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
  const hostile = excessOf(source)
  if (hostile !== undefined) return Result.fail(hostile)
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

/** Parses in the main thread. */
const here = Effect.fnUntraced(function* (
  source: string,
  posix: boolean,
  limit: Duration.Duration
): Effect.fn.Return<Answer> {
  // Loaded on demand: a program that verifies nothing does not pay for them.
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
    // The parser limits most nesting itself; otherwise the stack overflows.
    return Result.fail(
      answer.broken instanceof RangeError
        ? "nested too deeply to be parsed"
        : `the parser failed: ${String(answer.broken)}`
    )
  }
  return Result.fail(
    answer.stopped === "time"
      ? `not parsed within ${Duration.format(timeLimit)} of CPU time, which no setup script needs`
      : `too large to be parsed with ${memoryLimit} MB of memory, which no setup script needs`
  )
}
