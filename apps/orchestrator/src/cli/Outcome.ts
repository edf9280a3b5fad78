/**
 * Ends a command: prints its result on standard output, for people or as one JSON document, or its failure, and sets the
 * exit code.
 *
 * With `--json`, standard output receives exactly one document in every case:
 * `{"format": 1, "command": "ueba setup", "result": {…}}` or `{"format": 1, "command": "ueba setup", "error": {…}}`.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { Domains } from "../domain/Domains.ts"
import { Ended } from "../domain/Ended.ts"
import type { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import * as ExitCode from "./ExitCode.ts"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import { subject } from "@privx-kit/settings/ProblemText"
import { type Pane, Screen } from "../terminal/Screen.ts"
import * as Interruption from "./Interruption.ts"
import * as SystemFailure from "./SystemFailure.ts"

/** Incremented when a field is removed or changes its meaning. New fields can be added without an increment. */
export const format = 1

export interface Options<A> {
  /** The name in the document, e.g. `ueba setup`. */
  readonly command: string
  readonly json: boolean
  /** Print the document as YAML. */
  readonly yaml?: boolean
  /** Print one document per line, because the command prints several. */
  readonly compact?: boolean
  readonly verbose: boolean
  readonly toJson: (result: A) => unknown
  /** Writes the result for a person. */
  readonly toPerson: (result: A, out: Pane, verbose: boolean) => Effect.Effect<void, never, Domains>
  /** The exit code of a result that is not `ok`. */
  readonly exitName?: (result: A) => ExitCode.Name | ExitCode.Exit
  /** Whether the command runs until it is interrupted, so that an interruption is not reported. */
  readonly endless?: boolean
  /** Further details if the command is interrupted or fails, e.g. the run and how to resume it. */
  readonly context?: (ended: "interrupted" | "failed", failure?: Failure.Failure) => Context
}

export interface Context {
  /** Fields for the JSON error. */
  readonly fields: Readonly<Record<string, unknown>>
  /** A line for people: how to continue. */
  readonly advice: string | undefined
}

export const report =
  <A>(options: Options<A>) =>
  <R>(command: Effect.Effect<A, Failure.Failure, R>): Effect.Effect<void, Ended, R | Screen | Domains> =>
    // The command can be interrupted; the report about it cannot.
    Effect.uninterruptibleMask((restore) =>
      Effect.matchCauseEffect(restore(command), {
        onSuccess: (result) => succeed(options, result),
        onFailure: (cause) => fail(options, cause)
      })
    )

const succeed = Effect.fnUntraced(function* <A>(
  options: Options<A>,
  result: A
): Effect.fn.Return<void, Ended, Screen | Domains> {
  const { out } = yield* Screen
  yield* isDocument(options)
    ? print(options, { result: options.toJson(result) }, out)
    : options.toPerson(result, out, options.verbose)
  const exit = ExitCode.exit(options.exitName?.(result) ?? "ok")
  if (exit.code !== 0) return yield* Effect.fail(new Ended(exit))
})

const fail = Effect.fnUntraced(function* <A>(
  options: Options<A>,
  cause: Cause.Cause<Failure.Failure>
): Effect.fn.Return<never, Ended, Screen | Domains> {
  const { err, out } = yield* Screen
  const domains = yield* Domains
  if (options.endless === true && Cause.hasInterruptsOnly(cause))
    return yield* Effect.fail(new Ended(ExitCode.exit(Interruption.exitName())))
  const interrupted = Cause.hasInterruptsOnly(cause)
  const context = options.context?.(
    interrupted ? "interrupted" : "failed",
    cause.reasons.find(Cause.isFailReason)?.error
  ) ?? { fields: {}, advice: undefined }
  const { exit, failure, json, lines } = describe(cause, err, context, domains, options.verbose)
  if (isDocument(options)) yield* print(options, { error: { ...(yield* json), ...context.fields } }, out)
  yield* Effect.forEach(yield* lines, (line) => err.line(line), { discard: true })
  if (options.verbose && !interrupted) yield* err.line(err.style.dim(Cause.pretty(cause)))
  return yield* Effect.fail(new Ended(exit, failure))
})

/** The `report` options for `--json` and `--output`. */
export const formatOf = (input: {
  readonly json: boolean
  readonly output: "table" | "json" | "yaml" | undefined
}) => ({
  json: input.json || input.output === "json",
  yaml: !input.json && input.output === "yaml"
})

const isDocument = ({ json, yaml }: { readonly json: boolean; readonly yaml?: boolean }): boolean =>
  json || yaml === true

const print = (
  options: Pick<Options<never>, "command" | "compact" | "yaml">,
  body: Readonly<Record<string, unknown>>,
  out: Pane
): Effect.Effect<void> =>
  options.yaml === true
    ? Effect.flatMap(
        Effect.promise(() => import("yaml")),
        ({ stringify }) => out.write(stringify(JSON.parse(document(options.command, body))))
      )
    : out.line(document(options.command, body, options))

export const document = (
  command: string,
  body: Readonly<Record<string, unknown>>,
  options: { readonly compact?: boolean } = {}
): string => JSON.stringify({ format, command, ...body }, undefined, options.compact === true ? undefined : 2)

const describe = (
  cause: Cause.Cause<Failure.Failure>,
  err: Pane,
  context: Context,
  domains: Domains["Service"],
  verbose: boolean
) => {
  const advice = context.advice === undefined ? [] : [`  ${context.advice}`]
  const defect = cause.reasons.find(Cause.isDieReason)?.defect
  const failure = cause.reasons.find(Cause.isFailReason)?.error ?? SystemFailure.fromDefect(defect)
  if (failure !== undefined) {
    const exit = ExitCode.ofFailure(failure, domains.failure)
    return {
      exit,
      failure,
      json: toJson(failure, exit),
      lines: Effect.map(toLines(failure, err, verbose), (lines) => [...lines, ...advice])
    }
  }
  if (defect === undefined) {
    const exitName = Interruption.exitName()
    const exit = ExitCode.exit(exitName)
    const message = `${stopped[exitName]}. Nothing is lost.`
    return {
      exit,
      failure: undefined,
      json: Effect.succeed({ tag: "Interrupted", message, hint: context.advice ?? "", ...exitFields(exit) }),
      lines: Effect.succeed([message, ...advice])
    }
  }
  return { exit: ExitCode.exit("defect"), failure: undefined, ...describeDefect(defect, err, advice) }
}

const stopped: Record<ReturnType<typeof Interruption.exitName>, string> = {
  ok: "Stopped",
  interrupted: "Interrupted",
  terminated: "Terminated",
  hangup: "The terminal was closed"
}

const describeDefect = (defect: unknown, { style }: Pane, advice: ReadonlyArray<string>) => {
  const what = Failure.singleLine(defect instanceof Error ? `${defect.name}: ${defect.message}` : String(defect))
  const message = `privx-kit has an internal error: ${what}.`
  const hint = "Please report it with the output of the same command and --verbose."
  return {
    json: Effect.succeed({ tag: "Defect", message, hint, ...exitFields(ExitCode.exit("defect")) }),
    lines: Effect.succeed([`${style.red(style.sign.failed)} ${message} ${hint}`, ...advice])
  }
}

/** Reports a defect outside every command. */
export const reportDefect = Effect.fnUntraced(function* (
  defect: unknown,
  options: { readonly json: boolean; readonly verbose: boolean }
): Effect.fn.Return<never, Ended, Screen | Domains> {
  const { err, out } = yield* Screen
  const domains = yield* Domains
  const { exit, json, lines } = describe(
    Cause.die(defect),
    err,
    { fields: {}, advice: undefined },
    domains,
    options.verbose
  )
  if (options.json) yield* out.line(document("", { error: yield* json }))
  yield* Effect.forEach(yield* lines, (line) => err.line(line), { discard: true })
  if (options.verbose) yield* err.line(err.style.dim(Cause.pretty(Cause.die(defect))))
  return yield* Effect.fail(new Ended(exit))
})

/**
 * Fails if standard output was not written completely: a truncated result must not look complete. A reader that has
 * closed the pipe (`| head`) is not a failure.
 */
export const checkOutput = <E, R>(command: Effect.Effect<void, E, R>): Effect.Effect<void, E | Ended, R | Screen> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(restore(command))
      const { err, out } = yield* Screen
      const written = yield* Effect.result(out.written)
      if (Result.isFailure(written) && written.failure.reason !== "closed") {
        // A command whose result is its output has already reported this.
        const ended = Option.getOrUndefined(Exit.findErrorOption(exit))
        if (!(ended instanceof Ended && ended.failure === written.failure))
          yield* err.line(`${err.style.red(err.style.sign.failed)} ${Failure.render(written.failure)}`)
        if (Exit.isSuccess(exit)) return yield* Effect.fail(new Ended(ExitCode.exit("storage")))
      }
      return yield* exit
    })
  )

const exitFields = ({ code, name }: ExitCode.Exit) => ({ exitCode: code, exitName: name })

/** The stable shape of a failure: `tag`, `message`, `hint`, `exitCode`, `exitName`, and the fields of its class. */
export const toJson = (
  failure: Failure.Failure,
  exit: ExitCode.Exit
): Effect.Effect<Readonly<Record<string, unknown>>> =>
  // Loaded on demand: it imports all failures, and with them most of the program.
  Effect.map(
    Effect.promise(() => import("./CommandFailure.ts")),
    ({ fields }) => ({
      tag: failure._tag,
      message: failure.message,
      hint: failure.hint,
      ...exitFields(exit),
      ...fields(failure)
    })
  )

/** For people. An unverified setup script is shown with its report first, settings with all problems. */
export const toLines = Effect.fnUntraced(function* (
  failure: Failure.Failure,
  err: Pane,
  verbose: boolean
): Effect.fn.Return<ReadonlyArray<string>> {
  if (isSettingsError(failure)) return settingsLines(failure, err)
  const sign = err.style.red(err.style.sign.failed)
  if (!isVerificationFailed(failure)) return [`${sign} ${Failure.render(failure)}`]
  const ReportView = yield* Effect.promise(() => import("./views/ReportView.ts"))
  return [
    ...ReportView.lines(failure.report, { style: err.style, columns: err.columns() - 2, verbose }).map(
      (line) => `  ${line}`
    ),
    "",
    `${sign} The setup script is not verified, and was not delivered: ${ReportView.verdict(failure.report)}. ${failure.hint}`
  ]
})

const isSettingsError = (failure: Failure.Failure): failure is SettingsError => failure._tag === "SettingsError"

const isVerificationFailed = (failure: Failure.Failure): failure is VerificationFailed =>
  failure._tag === "VerificationFailed"

const settingsLines = (failure: SettingsError, { style }: Pane): ReadonlyArray<string> => [
  `${style.red(style.sign.failed)} ${failure.problems.length === 1 ? "A setting is" : `${failure.problems.length} settings are`} missing or wrong:`,
  ...failure.problems.flatMap((problem) => [
    `  ${style.sign.dot} ${problem.at === undefined ? `The ${style.bold(problem.setting)}` : style.bold(subject(problem))} ${problem.problem}.`,
    `    ${problem.fix}`
  ]),
  // A position in a file already names the source.
  ...(failure.problems.every(({ at }) => at !== undefined)
    ? []
    : [`  Sources, in order of precedence: ${failure.looked.join(", ")}.`]),
  `  ${failure.hint}`
]
