/**
 * Logs go to standard error, by default only warnings and errors, because commands report their own progress. A line
 * contains the failure and its root cause, without a stack. Stacks are for defects of privx-kit, which are reported
 * elsewhere.
 */
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type { LogLevel } from "effect/LogLevel"
import * as References from "effect/References"

export const layer = (level: LogLevel): Layer.Layer<never> =>
  Layer.mergeAll(Logger.layer([toConsole(once(Logger.formatLogFmt))]), Layer.succeed(References.MinimumLogLevel, level))

const toConsole = (lineOf: ReturnType<typeof once>) =>
  Logger.make((options: Logger.Options<unknown>): void => {
    const line = lineOf(options)
    if (line !== undefined) options.fiber.getRef(Console.Console).error(line)
  })

/**
 * In milliseconds. A repeated line, for example while a database is unavailable for an hour, is written once in this
 * time.
 */
const silence = 60_000

/** Maximum number of different lines whose last time is remembered. */
const remembered = 200

/** The line to write; `undefined` if the same line was written recently. */
export const once = (format: Logger.Logger<unknown, string>, now: () => number = () => performance.now()) => {
  const written = new Map<string, number>()
  return (options: Logger.Options<unknown>): string | undefined => {
    const message = brief(options)
    const key = `${options.logLevel} ${message}`
    const before = written.get(key)
    if (options.logLevel !== "Debug" && before !== undefined && now() - before < silence) return undefined
    written.delete(key)
    const [oldest] = written.size < remembered ? [] : written.keys()
    if (oldest !== undefined) written.delete(oldest)
    written.set(key, now())
    return format.log({ ...options, message, cause: Cause.empty })
  }
}

const brief = ({ cause, message }: Logger.Options<unknown>): string => {
  const parts = [
    ...(Array.isArray(message) ? message : [message]),
    ...cause.reasons.flatMap((reason) =>
      reason._tag === "Fail" ? [reason.error] : reason._tag === "Die" ? [reason.defect] : []
    )
  ]
  return parts.map((part) => (part instanceof Error ? reasonOf(part) : String(part))).join(": ")
}

/** The root cause of an error, which tells a person what to do. */
const reasonOf = (error: Error): string => {
  let innermost = error
  for (let depth = 0; depth < 10; depth++) {
    const next = innermost instanceof AggregateError ? innermost.errors[0] : causeOf(innermost)
    if (!(next instanceof Error)) break
    innermost = next
  }
  return (innermost.message === "" ? innermost.name : innermost.message).split("\n")[0] ?? ""
}

/** Errors of database clients have their cause in `reason`. */
const causeOf = (error: Error): unknown => {
  if ("reason" in error && typeof error.reason === "object" && error.reason !== null && "cause" in error.reason) {
    return error.reason.cause
  }
  return error.cause
}
