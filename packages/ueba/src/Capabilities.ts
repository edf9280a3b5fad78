/**
 * What a setup script does to a host, for people and for policies: "downloads from …", "writes to …", "needs root".
 *
 * The capabilities are the facts of the script, each kind and subject once. They are in the report of the verification,
 * so that a person can read them before approving, a policy can allow or forbid them, and two scripts can be compared.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Position } from "./Position.ts"
import { FactKind, type ScriptFact } from "./ScriptFacts.ts"

/**
 * An effect of a script on the host.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Capability = Schema.Struct({
  kind: FactKind,
  /**
   * A path, URL, package, user, service or port. Contains `$…` for a part that is known only when the script runs; may
   * be empty.
   */
  subject: Schema.String,
  /** The first command that does it. */
  by: Schema.String,
  /** Why a reader must review it; absent for what an installer is expected to do. */
  concern: Schema.optionalKey(Schema.String),
  /** Position of the first command. */
  position: Position,
  /** Number of commands that do it. */
  count: Schema.Int.check(Schema.isGreaterThan(0))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Capability extends Schema.Schema.Type<typeof Capability> {}

/**
 * Maximum number of capabilities in a report, so that it stays readable and small enough for the journal.
 *
 * @since 0.1.0
 * @category constants
 */
export const mostCapabilities = 500

/**
 * Summarizes the facts of a script: each kind and subject once, in the order of the script.
 *
 * **When to use**: for the facts of `ShellSyntax.parse`. `VerifySetupScript.capabilities` returns the capabilities of a
 * script's bytes.
 *
 * **Details**: position and command are those of the first fact; `concern` is the first one that there is.
 *
 * **Gotchas**: the texts come from the script unchanged. Make them safe with `Failure.singleLine` before you show them,
 * as the report of a verification does.
 *
 * @example
 * ```ts
 * import * as Capabilities from "@privx-kit/ueba/Capabilities"
 * import * as ShellSyntax from "@privx-kit/ueba/ShellSyntax"
 * import * as Effect from "effect/Effect"
 * import * as Result from "effect/Result"
 *
 * export const capabilities = (script: string) =>
 *   Effect.map(
 *     ShellSyntax.parse(script, "sh"),
 *     Result.map(({ facts }) => Capabilities.fromFacts(facts))
 *   )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFacts = (facts: ReadonlyArray<ScriptFact>): ReadonlyArray<Capability> => {
  const found = new Map<string, Capability>()
  for (const { by, concern, kind, position, subject } of facts) {
    const key = keyOf({ kind, subject })
    const known = found.get(key)
    if (known !== undefined) {
      found.set(key, {
        ...known,
        count: known.count + 1,
        ...(known.concern === undefined && concern !== undefined ? { concern } : undefined)
      })
    } else {
      found.set(key, { kind, subject, by, position, count: 1, ...(concern === undefined ? undefined : { concern }) })
    }
  }
  return [...found.values()]
}

const keyOf = ({ kind, subject }: Pick<Capability, "kind" | "subject">): string => `${kind}\0${subject}`

/** The kinds that require root for any subject. */
const rootKinds: ReadonlySet<FactKind> = new Set([
  "needsRoot",
  "installsPackage",
  "changesUser",
  "changesService",
  "opensPort",
  "changesTrust",
  "changesKernel",
  "weakensDefence"
])

/** Places that any user can write. */
const ownPlaces = /^\/(?:tmp|var\/tmp|dev\/(?:null|tty|shm|std\w+|fd)|home|proc\/self)(?:\/|$)/

/**
 * Returns whether the script needs root: it checks for root, or does something that only root can do.
 *
 * **Details**: a change of a file counts if its path is absolute and outside the directories that any user can write
 * to, such as `/tmp` and `/home`.
 *
 * **Gotchas**: the capabilities of a script that could not be parsed are unknown, not empty. Check for that first.
 *
 * @example
 * ```ts
 * import * as Capabilities from "@privx-kit/ueba/Capabilities"
 * import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
 *
 * export const needsRoot = ({ capabilities }: VerificationReport): boolean =>
 *   capabilities === undefined || Capabilities.needsRoot(capabilities)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const needsRoot = (capabilities: ReadonlyArray<Capability>): boolean =>
  capabilities.some(
    ({ kind, subject }) =>
      rootKinds.has(kind) ||
      ((kind === "writes" || kind === "removes" || kind === "changesPermissions") &&
        subject.startsWith("/") &&
        !ownPlaces.test(subject))
  )

/** The phrases of each kind: before one subject, before several, and without one. */
const phrases: { readonly [Kind in FactKind]: readonly [one: string, several: string, without: string] } = {
  downloads: ["downloads from", "downloads from", "downloads something"],
  runsFetchedCode: ["runs code from", "runs code from", "runs code that it fetches"],
  runsHiddenCode: ["runs code hidden by", "runs code hidden by", "runs hidden code"],
  connects: ["connects to", "connects to", "opens a network connection"],
  removes: ["removes", "removes", "removes files"],
  writes: ["writes to", "writes to", "writes files"],
  installsPackage: ["installs the package", "installs the packages", "installs packages"],
  changesUser: [
    "creates or changes the user or group",
    "creates or changes the users or groups",
    "changes users or groups"
  ],
  changesService: ["starts, stops or changes the service", "starts, stops or changes the services", "changes services"],
  schedulesJob: ["schedules the job", "schedules the jobs", "schedules a job"],
  opensPort: ["opens the port or service", "opens the ports or services", "opens ports"],
  changesPermissions: ["changes the permissions of", "changes the permissions of", "changes permissions"],
  weakensDefence: ["weakens", "weakens", "weakens the defences of the host"],
  changesTrust: ["changes what the host trusts:", "changes what the host trusts:", "changes what the host trusts"],
  changesKernel: ["changes the kernel:", "changes the kernel:", "changes the kernel"],
  needsRoot: ["needs root", "needs root", "needs root"],
  misleadsReader: ["misleads its reader:", "misleads its reader:", "misleads its reader"]
}

/** The order of the kinds in a description, the most important first. */
const order: ReadonlyArray<FactKind> = [
  "misleadsReader",
  "runsFetchedCode",
  "runsHiddenCode",
  "weakensDefence",
  "removes",
  "downloads",
  "connects",
  "changesTrust",
  "installsPackage",
  "changesUser",
  "changesService",
  "schedulesJob",
  "opensPort",
  "changesKernel",
  "writes",
  "changesPermissions"
]

/** Further subjects are only counted. */
const shownSubjects = 8

/**
 * Describes what a script does, one phrase for each kind: `writes to /etc/ueba`, `needs root`.
 *
 * **When to use**: for a list. {@link sentence} joins the phrases.
 *
 * **Details**: the most important kinds come first. A phrase names at most eight subjects and counts the others. Empty
 * if the script has no capabilities.
 *
 * @example
 * ```ts
 * import * as Capabilities from "@privx-kit/ueba/Capabilities"
 * import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
 *
 * export const list = ({ capabilities = [] }: VerificationReport) => Capabilities.describe(capabilities).join("\n")
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const describe = (capabilities: ReadonlyArray<Capability>): ReadonlyArray<string> => [
  ...order.flatMap((kind) => {
    const subjects = capabilities.filter((capability) => capability.kind === kind).map(({ subject }) => subject)
    return subjects.length === 0 ? [] : [phraseOf(kind, subjects)]
  }),
  ...(needsRoot(capabilities) ? ["needs root"] : [])
]

const phraseOf = (kind: FactKind, subjects: ReadonlyArray<string>): string => {
  const named = subjects.filter((subject) => subject !== "")
  const [one, several, without] = phrases[kind]
  if (named.length === 0) return without
  const shown = named.slice(0, shownSubjects)
  const more = named.length - shown.length
  const all = more === 0 ? shown : [...shown, `${more} more`]
  const last = all.length > 1 ? ` and ${all.at(-1)}` : ""
  return `${named.length === 1 ? one : several} ${(last === "" ? all : all.slice(0, -1)).join(", ")}${last}`
}

/**
 * Describes what a script does in one sentence: `This script downloads from https://…; writes to /etc/ueba; needs
 * root.`
 *
 * **Gotchas**: for an empty list the sentence says that no command writes, removes, downloads or installs anything. If
 * the script could not be parsed, that is unknown: `VerificationReport.renderCapabilities` distinguishes the two.
 *
 * @example
 * ```ts
 * import * as Capabilities from "@privx-kit/ueba/Capabilities"
 *
 * export const text = Capabilities.sentence([
 *   { kind: "writes", subject: "/etc/ueba", by: "mkdir", position: { line: 2, column: 1 }, count: 1 }
 * ]) // This script writes to /etc/ueba; needs root.
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const sentence = (capabilities: ReadonlyArray<Capability>): string => {
  const all = describe(capabilities)
  return all.length === 0
    ? "No command of this script writes, removes, downloads or installs anything."
    : `This script ${all.join("; ")}.`
}

/**
 * The differences between the capabilities of two scripts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Comparison {
  readonly added: ReadonlyArray<Capability>
  readonly removed: ReadonlyArray<Capability>
}

/**
 * Compares the capabilities of two scripts by kind and subject, regardless of position and number.
 *
 * @example
 * ```ts
 * import { Capabilities } from "@privx-kit/ueba"
 *
 * const { added } = Capabilities.compare([], [])
 * const lines = Capabilities.describeEach(added)
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const compare = (before: ReadonlyArray<Capability>, after: ReadonlyArray<Capability>): Comparison => {
  const without = (these: ReadonlyArray<Capability>, others: ReadonlyArray<Capability>) => {
    const known = new Set(others.map(keyOf))
    return these.filter((capability) => !known.has(keyOf(capability)))
  }
  return { added: without(after, before), removed: without(before, after) }
}

/**
 * Describes each capability in a phrase of its own, in the given order: `["writes to /etc/sudoers.d/x"]`.
 *
 * **When to use**: for the differences between two scripts. {@link describe} groups the capabilities of one script by
 * kind.
 *
 * @example
 * ```ts
 * import * as Capabilities from "@privx-kit/ueba/Capabilities"
 * import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
 *
 * export const added = (before: VerificationReport, after: VerificationReport) =>
 *   Capabilities.describeEach(Capabilities.compare(before.capabilities ?? [], after.capabilities ?? []).added)
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const describeEach = (capabilities: ReadonlyArray<Capability>): ReadonlyArray<string> =>
  capabilities.map(({ kind, subject }) => phraseOf(kind, [subject]))
