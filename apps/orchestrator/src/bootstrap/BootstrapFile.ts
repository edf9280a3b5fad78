/**
 * The file that defines a bootstrap, in TOML, or in JSON if its name ends in `.json`:
 *
 * ```toml
 * address = "ueba.example.com:8443"
 * trust_anchors_file = "anchors.pem"
 * require_approval = "changed"
 * few_connections = "wait"
 *
 * [dataset]
 * name = "2026"
 * start = 2026-01-01
 * ```
 *
 * Every field is optional. All problems are reported together, with line and column. Paths are relative to the file. The
 * files that it names are read at the same time, and become part of the run.
 */
import * as DurationText from "@privx-kit/settings/DurationText"
import { type Problem, SettingsError } from "@privx-kit/settings/SettingsError"
import * as TimeText from "@privx-kit/settings/TimeText"
import type { TimeRange } from "@privx-kit/ueba/TimeRange"
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as path from "node:path"
import * as PolicyFile from "../setup/PolicyFile.ts"
import * as PolicySource from "../setup/PolicySource.ts"
import { type FromFile, fromFile } from "../setup/FieldNames.ts"
import { inputsOf as setupInputsOf } from "../setup/SetupRequest.ts"
import type { BootstrapInputs } from "./BootstrapRun.ts"
import { Content } from "./BootstrapSchema.ts"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"

/** The default name of the dataset. */
export const defaultName = "privx-kit"

/** The default start of the dataset. */
export const defaultAge = "90d"

/** Reads a file. Fails with all its problems, or with the first problem of a file that it names. */
export const read = (file: string): Effect.Effect<BootstrapInputs, SettingsError> =>
  Effect.flatMap(content(file), inputsOf)

/** The content of a file, before flags override it. */
export const content = Effect.fnUntraced(function* (file: string): Effect.fn.Return<Given, SettingsError> {
  const decoded = yield* decode(file, yield* load(file, `bootstrap ${file}`))
  const { $schema: _, policy, trust_anchors_file: anchors, ...content } = decoded
  const beside = (name: string) => path.resolve(path.dirname(file), name)
  return {
    ...fromFile(content),
    ...(anchors === undefined ? undefined : { trustAnchors: yield* load(beside(anchors), "trust_anchors_file") }),
    ...(policy === undefined ? undefined : { policy: yield* PolicyFile.read(beside(policy)) }),
    ...(content.output === undefined ? undefined : { output: beside(content.output) })
  }
})

/**
 * The content of a file, of flags or of a request, with the policy and the text of the trust anchors. Paths are absolute.
 */
export type Given = {
  readonly [Name in keyof Named]?: Named[Name] | undefined
} & {
  readonly trustAnchors?: string | undefined
  readonly policy?: VerificationPolicy | undefined
}

type Named = FromFile<Omit<Content, "$schema" | "trust_anchors_file" | "policy">>

/** Fields are always in the same order, so that equal inputs have equal texts. */
export const inputsOf = Effect.fnUntraced(function* (given: Given): Effect.fn.Return<BootstrapInputs, SettingsError> {
  const { dataset = {} } = given
  const start = dataset.start ?? defaultAge
  const age = TimeText.span(start)
  const range: TimeRange = {
    ...(Option.isSome(age) ? undefined : { start: moment(start) }),
    ...(dataset.end === undefined ? undefined : { end: moment(dataset.end) }),
    ...(dataset.exclude === undefined
      ? undefined
      : { exclude: dataset.exclude.map(({ end, start }) => ({ start: moment(start), end: moment(end) })) })
  }
  const wrongRange = [range, ...(range.exclude ?? [])].some(
    ({ end, start }) => start !== undefined && end !== undefined && !DateTime.isLessThan(start, end)
  )
  if (wrongRange) {
    return yield* wrong({
      setting: "dataset",
      problem: "has a range that does not start before it ends",
      fix: "Correct it."
    })
  }
  return {
    // The schemas of files and of the API accept only these values.
    ...(yield* Effect.orDie(setupInputsOf(given))),
    ...(given.address === undefined ? undefined : { address: given.address }),
    ...(given.trustAnchors === undefined ? undefined : { trustAnchors: given.trustAnchors }),
    dataset: {
      name: dataset.name ?? defaultName,
      range,
      ...(Option.isSome(age) ? { age: Math.round(Duration.toMillis(age.value)) } : undefined)
    },
    ...(given.minConnections === undefined ? undefined : { minConnections: given.minConnections }),
    ...(given.fewConnections === undefined || given.fewConnections === "stop"
      ? undefined
      : { fewConnections: given.fewConnections }),
    ...(given.waitLimit === undefined ? undefined : { patience: millis(given.waitLimit) }),
    ...(given.interval === undefined ? undefined : { interval: millis(given.interval) }),
    ...(given.until === undefined ? undefined : { until: given.until })
  }
})

/** The schema accepts only these values. */
const moment = (text: string): DateTime.Utc => DateTime.toUtc(DateTime.makeUnsafe(text.replace(" ", "T")))

const millis = (text: string): number =>
  Math.max(1, Math.round(Duration.toMillis(Option.getOrElse(DurationText.parseLong(text), () => Duration.zero))))

const wrong = (problem: Problem): SettingsError => new SettingsError({ problems: [problem], looked: ["--file"] })

/** In bytes. A file is about a page long, and certificates are not much longer. */
const largest = 256 * 1024

const load = (file: string, setting: string): Effect.Effect<string, SettingsError> =>
  Effect.mapError(SettingsFile.read(file, { maxBytes: largest }), ({ fix, problem }) =>
    wrong({ setting, problem: `names ${file}, which ${problem}`, fix })
  )

const decode = Effect.fnUntraced(function* (file: string, text: string): Effect.fn.Return<Content, SettingsError> {
  const placed = ({ column, line }: { readonly line: number; readonly column: number }, name: string) => ({
    setting: name === "" ? "the file" : name,
    at: { path: file, line, column }
  })
  const source = yield* Effect.mapError(
    PolicySource.parse(text, file.endsWith(".json") ? "json" : "toml"),
    ({ problem, ...place }) => wrong({ ...placed(place, ""), problem, fix: "Correct that line." })
  )
  const content = Schema.decodeUnknownResult(Content)(datesAsText(source.data), {
    onExcessProperty: "error",
    errors: "all"
  })
  if (Result.isSuccess(content)) return content.success
  const problems = problemsOf(content.failure).map(({ expected, path }): Problem => {
    const place = source.place(path, expected === undefined ? "name" : "value")
    return {
      ...placed(place, path.join(".")),
      problem: expected === undefined ? "is not a known field" : `must be ${expected}`,
      fix: expected === undefined ? "Remove it, or correct the name." : "Correct the value."
    }
  })
  const distinct = [...new Map(problems.map((problem) => [`${problem.setting} ${problem.problem}`, problem])).values()]
  return yield* new SettingsError({ problems: distinct.slice(0, 20), looked: ["--file"] })
})

/** Describes a problem: the field, and the expected value; no expected value for an unknown name. */
export const problemsOf = (
  error: Schema.SchemaError
): ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly expected: string | undefined }> =>
  format(error.issue).issues.map(({ message, path = [] }) => ({
    path: path.map((part) => String(typeof part === "object" ? part.key : part)),
    expected: /excess|unexpected key/i.test(message)
      ? undefined
      : message === "Missing key"
        ? "given"
        : message.replace(/^Expected /, "").replace(/, got .*$/s, "")
  }))

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** TOML has a date type; the schema uses texts, as JSON does. */
const datesAsText = (data: unknown): unknown => {
  if (data instanceof Date) return data.toISOString()
  if (Array.isArray(data)) return data.map(datesAsText)
  return typeof data === "object" && data !== null
    ? Object.fromEntries(Object.entries(data).map(([name, value]) => [name, datesAsText(value)]))
    : data
}
