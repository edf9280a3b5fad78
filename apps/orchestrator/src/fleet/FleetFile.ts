/**
 * A fleet: PrivX hosts that are set up together, read from a YAML or JSON file.
 *
 * ```yaml
 * version: 1
 * name: production
 * defaults:
 *   credentials: { toml_file: /etc/privx-kit/client.toml }
 *   output: scripts/{name}
 * hosts:
 *   - { name: hel-1, base_url: "https://privx-hel-1.example.com" }
 * ```
 *
 * All problems are found at once, each with its line and column, and nothing is sent before the file is valid. The file
 * never contains a secret, and a value that looks like one is refused.
 */
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as path from "node:path"
import * as DurationText from "@privx-kit/settings/DurationText"
import type { Host as Surroundings } from "@privx-kit/settings/Settings"
import { type Problem, SettingsError } from "@privx-kit/settings/SettingsError"
import { type FleetHost, type HostSettings, type Resolve, resolver } from "./FleetHosts.ts"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"
import { Defaults, FleetSchedule, Host, Top } from "./FleetSchema.ts"
import * as ScheduleTimes from "./ScheduleTimes.ts"
import * as FleetSecrets from "./FleetSecrets.ts"
import * as FleetSource from "./FleetSource.ts"

export type { FleetHost }

export interface Schedule extends ScheduleTimes.Times {
  /** `null` if the file names none, and the time zone of the machine that applies the fleet is unknown. */
  readonly timeZone: string | null
  /** Whether a missed round is made up for. */
  readonly makeUp: boolean
}

export interface Fleet {
  readonly name: string
  /** Absolute path of the file. */
  readonly file: string
  readonly concurrency: number
  readonly schedule: Schedule | undefined
  /** The maximum age of the last successful run of a host. */
  readonly maxAge: Duration.Duration | undefined
  readonly hosts: ReadonlyArray<FleetHost>
}

export interface Read {
  readonly fleet: Fleet
  readonly warnings: ReadonlyArray<string>
}

export const defaultConcurrency = 8

/**
 * Reads a fleet. Fails with every problem of its file and of the files that it names.
 *
 * @param options.credentials whether to resolve the credentials; default `true`
 */
export const read = Effect.fn("FleetFile.read")(function* (
  file: string,
  { environment }: Surroundings,
  options: { readonly credentials: boolean } = { credentials: true }
): Effect.fn.Return<Read, SettingsError> {
  const text = yield* load(file)
  return yield* check(text, file, resolver(path.dirname(path.resolve(file)), environment, options))
})

/**
 * Parses the text of a fleet file.
 *
 * @param file name of the file for messages
 * @param resolve resolves the settings of a host
 * @param zone the time zone of a schedule without one; default: that of this machine
 */
export const check = Effect.fn("FleetFile.check")(function* (
  text: string,
  file: string,
  resolve: Resolve,
  zone: string | null = thisZone()
): Effect.fn.Return<Read, SettingsError> {
  const source = FleetSource.parse(text, file)
  const failed = (problems: ReadonlyArray<Problem>) =>
    new SettingsError({ problems: inOrder(problems).slice(0, mostProblems), looked: [file] })
  if (source.problems.length > 0) return yield* failed(source.problems)
  const problems: Array<Problem> = [...FleetSecrets.find(source)]
  const secrets = new Set(problems.map(({ setting }) => setting))
  /** Nothing more is reported about a value that looks like a secret, because a message could repeat it. */
  const add = (where: FleetSource.Path, problem: string, fix: string, of?: "value" | "name") => {
    if (problems.length >= mostFound) return
    if (!secrets.has(source.problem(where, "", "").setting)) problems.push(source.problem(where, problem, fix, of))
  }
  const { defaults: rawDefaults, hosts: rawHosts, ...rawTop } = recordOf(source.data)
  delete rawTop["$schema"]

  const decoded = <A, I>(schema: Schema.Codec<A, I>, data: unknown, at: FleetSource.Path): A | undefined => {
    const result = Schema.decodeUnknownResult(schema)(data, { onExcessProperty: "error", errors: "all" })
    if (Result.isSuccess(result)) return result.success
    for (const { message, path: below = [] } of format(result.failure.issue).issues) {
      const where = [...at, ...below.map((part) => (typeof part === "object" ? part.key : part))]
      const unknown = /excess|unexpected key/i.test(message)
      if (unknown) add(where, "is not a known field", "Remove it, or correct the name.", "name")
      else add(where, ...described(message, where))
    }
    return undefined
  }

  /** Checked before it is copied for each host. */
  const isSmall = (data: unknown, ...at: FleetSource.Path): boolean => {
    const large = tooLarge(data)
    if (large !== undefined) add([...at, large], `has more than ${mostParts} entries`, "Remove some of them.")
    return large === undefined
  }

  const top = decoded(Top, rawTop, [])
  const small = isSmall(rawDefaults, "defaults")
  const defaults = rawDefaults === undefined ? {} : small ? decoded(Defaults, rawDefaults, ["defaults"]) : undefined
  if (!Array.isArray(rawHosts) || rawHosts.length === 0) {
    add(["hosts"], "has no host", "List at least one host with name and base_url.")
  }
  const hosts: Array<typeof Host.Type | undefined> = []
  for (const raw of Array.isArray(rawHosts) ? rawHosts : []) {
    // Aliases can give a small text as many errors as a large one.
    if (problems.length >= mostFound || !isSmall(raw, "hosts", hosts.length)) break
    hosts.push(decoded(Host, raw, ["hosts", hosts.length]))
  }
  const scheduled = Schema.decodeUnknownOption(FleetSchedule)(rawTop["schedule"])
  const job = top?.job ?? "setup"
  const schedule = Option.isNone(scheduled) ? undefined : cronOf(scheduled.value, zone, add)
  unique(
    hosts,
    ({ name }) => name,
    (index, name) =>
      add(["hosts", index, "name"], `is ${name}, which an earlier host has already`, "Give each host its own name.")
  )

  if (job === "setup") {
    for (const [index, part] of [defaults, ...hosts].entries()) {
      if (part?.bootstrap === undefined) continue
      const where = index === 0 ? ["defaults", "bootstrap"] : ["hosts", index - 1, "bootstrap"]
      add(
        where,
        "has no effect unless the job is bootstrap",
        "Add job: bootstrap at the top, or remove this field.",
        "name"
      )
    }
  }
  const found: Array<FleetHost> = []
  const warnings = new Set<string>()
  const reported = new Set<string>()
  for (const [index, host] of hosts.entries()) {
    if (host === undefined || defaults === undefined) continue
    // Problems of the defaults are reported once, and at the defaults.
    const settings: HostSettings = {
      ...defaults,
      ...host,
      job,
      labels: { ...defaults.labels, ...host.labels },
      bootstrap: {
        ...defaults.bootstrap,
        ...host.bootstrap,
        dataset: { ...defaults.bootstrap?.dataset, ...host.bootstrap?.dataset }
      }
    }
    const place = (key: string, ...below: FleetSource.Path) =>
      isOf(host, key, below) || !isOf(defaults, key, below)
        ? ["hosts", index, key, ...below]
        : ["defaults", key, ...below]
    const said = yield* resolve(settings, (fault, key, ...below) => {
      const where = place(key, ...below)
      const already = `${where.join(".")} ${fault.problem}`
      if (!reported.has(already)) add(where, fault.problem, fault.fix)
      reported.add(already)
    })
    said.warnings.forEach((warning) => warnings.add(warning))
    if (said.host !== undefined) found.push(said.host)
  }
  const indexOf = new Map(hosts.map((host, index) => [host?.name, index]))
  unique(
    found,
    ({ target }) => target,
    (at, target) =>
      add(
        ["hosts", indexOf.get(found[at]?.name) ?? 0, "base_url"],
        `is ${target}, which an earlier host has already`,
        "List each PrivX host once."
      )
  )
  unique(
    found,
    ({ inputs }) => inputs.output,
    (at, directory) => {
      const index = indexOf.get(found[at]?.name) ?? 0
      const where = hosts[index]?.output === undefined ? ["defaults", "output"] : ["hosts", index, "output"]
      add(where, `is ${directory} for several hosts`, "Add {name} to the path.")
    }
  )
  if (problems.length > 0 || top === undefined) return yield* failed(distinct(problems))
  return {
    fleet: {
      name: top.name,
      file: path.resolve(file),
      concurrency: top.concurrency ?? defaultConcurrency,
      schedule,
      maxAge: top.max_age === undefined ? undefined : Option.getOrUndefined(DurationText.parseLong(top.max_age)),
      hosts: found
    },
    warnings: [...warnings]
  }
})

/** Whether a part of the file sets the value, or the bootstrap in it does. */
const isOf = (part: typeof Defaults.Type, key: string, [below]: FleetSource.Path): boolean =>
  key === "bootstrap" && below !== undefined ? Object.hasOwn(part.bootstrap ?? {}, below) : Object.hasOwn(part, key)

/** Further problems are shown after these are corrected. */
const mostProblems = 200

/** The maximum number of labels of a host, or of certificate files. */
const mostParts = 100

/** The part of a host that is unreasonably large. */
const tooLarge = (data: unknown): string | undefined =>
  Object.entries(recordOf(data)).find(
    ([, value]) => typeof value === "object" && value !== null && Object.keys(value).length > mostParts
  )?.[0]

/** Sorts problems by their place in the file, and limits the number of reported ones. */
const mostFound = 1000

/** In bytes. A fleet of ten thousand hosts takes one or two megabytes. */
const largest = 64 * 1024 * 1024

export const load = (file: string): Effect.Effect<string, SettingsError> =>
  Effect.mapError(
    SettingsFile.read(file, { maxBytes: largest }),
    ({ fix, problem }) =>
      new SettingsError({ problems: [{ setting: `fleet file ${file}`, problem, fix }], looked: [file] })
  )

const recordOf = (data: unknown): Record<string, unknown> =>
  typeof data === "object" && data !== null && !Array.isArray(data) ? { ...data } : {}

// Messages never repeat a value, because it may be a misplaced secret.
const format = SchemaIssue.makeFormatterStandardSchemaV1()

const described = (message: string, where: FleetSource.Path): readonly [problem: string, fix: string] => {
  const key = String(where.at(-1))
  if (message === "Missing key") return ["is missing", `Add ${key}.`]
  const expected = message.replace(/^Expected /, "").replace(/, got .*$/s, "")
  return [`must be ${expected}`, "Correct the value."]
}

const unique = <A, B>(
  items: ReadonlyArray<A | undefined>,
  of: (item: A) => B | undefined,
  twice: (index: number, value: B) => void
): void => {
  const seen = new Set<B>()
  for (const [index, item] of items.entries()) {
    const value = item === undefined ? undefined : of(item)
    if (value === undefined) continue
    if (seen.has(value)) twice(index, value)
    seen.add(value)
  }
}

const distinct = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => [
  ...new Map(problems.map((problem) => [`${problem.setting} ${problem.problem}`, problem])).values()
]

const inOrder = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> =>
  problems.toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0))

/** The time zone of this machine. */
export const thisZone = (): string => DateTime.zoneToString(DateTime.zoneMakeLocal())

const cronOf = (
  { cron, make_up, time_zone }: typeof FleetSchedule.Type,
  zone: string | null,
  add: (where: FleetSource.Path, problem: string, fix: string) => void
): Schedule | undefined => {
  const timeZone = time_zone ?? zone
  const parsed = ScheduleTimes.parse(cron, timeZone ?? DateTime.zoneMakeLocal())
  if (Result.isSuccess(parsed)) {
    const schedule = { ...parsed.success, timeZone, makeUp: make_up === true }
    if (ScheduleTimes.next(schedule, Date.now()) !== undefined) return schedule
    add(["schedule", "cron"], "never matches a date", "Use a date that exists; 30 February does not.")
    return undefined
  }
  const valid = time_zone !== undefined && Result.isSuccess(Cron.parse(cron))
  if (valid) add(["schedule", "time_zone"], "is not a time zone", "Use a time zone such as Europe/Helsinki or UTC.")
  else add(["schedule", "cron"], "is not a cron expression", 'Write five fields, e.g. "0 3 * * *" for 03:00 every day.')
  return undefined
}
