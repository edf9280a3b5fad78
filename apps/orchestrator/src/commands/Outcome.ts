/**
 * How a command ends: its result on standard output, for people or as one JSON document, or its failure, and the exit
 * code that goes with it.
 *
 * With `--json`, standard output gets exactly one document, whatever happens:
 * `{"format": 1, "command": "ueba setup", "result": {…}}` or `{"format": 1, "command": "ueba setup", "error": {…}}`.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as ExitCode from "../ExitCode.ts"
import type { SettingsError } from "../settings/SettingsError.ts"
import { type Pane, Screen } from "../terminal/Screen.ts"
import type { CommandFailure } from "./CommandFailure.ts"
import * as Interruption from "./Interruption.ts"

/** Raised by one when a field changes its meaning or goes away; new fields may come at any time. */
export const format = 1

/** Everything has been said; only the exit code is left. */
export class Ended extends Error {
  readonly _tag = "Ended"
  override readonly [Runtime.errorExitCode]: number
  override readonly [Runtime.errorReported] = false
  constructor(name: ExitCode.Name) {
    super(name)
    this[Runtime.errorExitCode] = ExitCode.table[name].code
  }
}

export interface Options<A> {
  /** As in the document, e.g. `ueba setup`. */
  readonly command: string
  readonly json: boolean
  /** One document a line, because the command prints several. */
  readonly compact?: boolean
  readonly verbose: boolean
  readonly toJson: (result: A) => unknown
  /** Writes the result for a person. */
  readonly toPerson: (result: A, out: Pane) => Effect.Effect<void>
  /** What a result ends with when it is not `ok`. */
  readonly exitName?: (result: A) => ExitCode.Name
  /** Whether the command has no end of its own: being interrupted is then nothing to talk about. */
  readonly endless?: boolean
  /** What more is known when the command is interrupted or fails, e.g. the run and how to go on with it. */
  readonly context?: (ended: "interrupted" | "failed") => Context
}

export interface Context {
  /** Fields for the JSON error. */
  readonly fields: Readonly<Record<string, unknown>>
  /** A line for a person: how to go on. */
  readonly advice: string | undefined
}

export const report =
  <A>(options: Options<A>) =>
  <R>(command: Effect.Effect<A, CommandFailure, R>): Effect.Effect<void, Ended, R | Screen> =>
    // The command can be interrupted; what is then said about it cannot.
    Effect.uninterruptibleMask((restore) =>
      Effect.matchCauseEffect(restore(command), {
        onSuccess: (result) => succeed(options, result),
        onFailure: (cause) => fail(options, cause)
      })
    )

const succeed = Effect.fnUntraced(function* <A>(options: Options<A>, result: A): Effect.fn.Return<void, Ended, Screen> {
  const { out } = yield* Screen
  yield* options.json
    ? out.line(document(options.command, { result: options.toJson(result) }, options))
    : options.toPerson(result, out)
  const name = options.exitName?.(result) ?? "ok"
  if (name !== "ok") return yield* Effect.fail(new Ended(name))
})

const fail = Effect.fnUntraced(function* <A>(
  options: Options<A>,
  cause: Cause.Cause<CommandFailure>
): Effect.fn.Return<never, Ended, Screen> {
  const { err, out } = yield* Screen
  if (options.endless === true && Cause.hasInterruptsOnly(cause))
    return yield* Effect.fail(new Ended(Interruption.exitName()))
  const interrupted = Cause.hasInterruptsOnly(cause)
  const context = options.context?.(interrupted ? "interrupted" : "failed") ?? { fields: {}, advice: undefined }
  const { exitName, json, lines } = describe(cause, err, context)
  if (options.json)
    yield* out.line(document(options.command, { error: { ...(yield* json), ...context.fields } }, options))
  yield* Effect.forEach(yield* lines, (line) => err.line(line), { discard: true })
  if (options.verbose && !interrupted) yield* err.line(err.style.dim(Cause.pretty(cause)))
  return yield* Effect.fail(new Ended(exitName))
})

export const document = (
  command: string,
  body: Readonly<Record<string, unknown>>,
  options: { readonly compact?: boolean } = {}
): string => JSON.stringify({ format, command, ...body }, undefined, options.compact === true ? undefined : 2)

const describe = (cause: Cause.Cause<CommandFailure>, err: Pane, context: Context) => {
  const advice = context.advice === undefined ? [] : [`  ${context.advice}`]
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure !== undefined) {
    const exitName = ExitCode.of(failure)
    return {
      exitName,
      json: toJson(failure),
      lines: Effect.map(toLines(failure, err), (lines) => [...lines, ...advice])
    }
  }
  const defect = cause.reasons.find(Cause.isDieReason)?.defect
  if (defect === undefined) {
    const exitName = Interruption.exitName()
    const message = `${exitName === "terminated" ? "Terminated" : "Interrupted"}: nothing is lost.`
    return {
      exitName,
      json: Effect.succeed({ tag: "Interrupted", message, hint: context.advice ?? "", ...exit(exitName) }),
      lines: Effect.succeed([message, ...advice])
    }
  }
  return { exitName: "defect" as const, ...describeDefect(defect, err, advice) }
}

const describeDefect = (defect: unknown, { style }: Pane, advice: ReadonlyArray<string>) => {
  const what = Failure.singleLine(defect instanceof Error ? `${defect.name}: ${defect.message}` : String(defect))
  const message = `privx-kit failed in a way that it should not: ${what}.`
  const hint = "Please report it; --verbose shows where."
  return {
    json: Effect.succeed({ tag: "Defect", message, hint, ...exit("defect") }),
    lines: Effect.succeed([`${style.red(style.sign.failed)} ${message} ${hint}`, ...advice])
  }
}

/** A defect outside of any command. */
export const reportDefect = Effect.fnUntraced(function* (
  defect: unknown,
  options: { readonly json: boolean; readonly verbose: boolean }
): Effect.fn.Return<never, Ended, Screen> {
  const { err, out } = yield* Screen
  const { json, lines } = describeDefect(defect, err, [])
  if (options.json) yield* out.line(document("", { error: yield* json }))
  yield* Effect.forEach(yield* lines, (line) => err.line(line), { discard: true })
  if (options.verbose) yield* err.line(err.style.dim(Cause.pretty(Cause.die(defect))))
  return yield* Effect.fail(new Ended("defect"))
})

const exit = (name: ExitCode.Name) => ({ exitCode: ExitCode.table[name].code, exitName: name })

/** The stable shape of a failure: `tag`, `message`, `hint`, `exitCode`, `exitName`, and the fields of its class. */
export const toJson = (failure: CommandFailure): Effect.Effect<Readonly<Record<string, unknown>>> =>
  // Loaded on demand: it knows every failure there is, and with them most of the program.
  Effect.map(
    Effect.promise(() => import("./CommandFailure.ts")),
    ({ fields }) => ({
      tag: failure._tag,
      message: failure.message,
      hint: failure.hint,
      ...exit(ExitCode.of(failure)),
      ...fields(failure)
    })
  )

/** For a person. A set-up script that is not trusted is shown with every check, settings with everything that is wrong. */
export const toLines = Effect.fnUntraced(function* (
  failure: CommandFailure,
  err: Pane
): Effect.fn.Return<ReadonlyArray<string>> {
  if (failure._tag === "SettingsError") return settingsLines(failure, err)
  const sign = err.style.red(err.style.sign.failed)
  if (failure._tag !== "VerificationFailed") return [`${sign} ${Failure.render(failure)}`]
  const ReportView = yield* Effect.promise(() => import("../terminal/ReportView.ts"))
  return [
    `${sign} The set-up script is not verified, and was not delivered: ${ReportView.verdict(failure.report)}. ${failure.hint}`,
    "",
    ...ReportView.lines(failure.report, err.style, err.columns() - 2).map((check) => `  ${check}`)
  ]
})

const settingsLines = (failure: SettingsError, { style }: Pane): ReadonlyArray<string> => [
  `${style.red(style.sign.failed)} ${failure.problems.length === 1 ? "A setting is" : `${failure.problems.length} settings are`} missing or wrong:`,
  ...failure.problems.flatMap(({ fix, problem, setting }) => [
    `  ${style.sign.dot} The ${style.bold(setting)} ${problem}.`,
    `    ${fix}`
  ]),
  `  Looked at, strongest first: ${failure.looked.join(", ")}.`,
  `  ${failure.hint}`
]
