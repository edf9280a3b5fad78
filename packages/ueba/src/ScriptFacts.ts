/**
 * Facts about what a script does: one record for each effect of one of its commands on the host.
 *
 * The analysis of the syntax tree yields them in the order of the script. Checks select the facts that have a
 * `concern`; a summary for people groups all of them by `kind`.
 *
 * | kind | subject | by |
 * |---|---|---|
 * | `downloads` | the URL, as far as the text tells it | `curl`, `wget`, … |
 * | `runsFetchedCode` | where the code comes from: a URL, a file or a command | what runs it: `sh`, `eval`, `perl`, … |
 * | `runsHiddenCode` | how the code is hidden: `base64`, `printf`, … | what runs it |
 * | `connects` | `host:port` | `/dev/tcp`, `nc`, … |
 * | `removes` | the path | `rm`, `find`, `mkfs`, … |
 * | `writes` | the path | `>`, `cp`, `tee`, … |
 * | `installsPackage` | the package | `apt-get`, `dnf`, `pip`, … |
 * | `changesUser` | the user or group | `useradd`, `usermod`, `passwd`, … |
 * | `changesService` | the service, or empty for all | `systemctl`, `service`, … |
 * | `schedulesJob` | the job or its file | `crontab`, `at`, `systemd-run` |
 * | `opensPort` | the port or service | `firewall-cmd`, `ufw`, `iptables`, `nc` |
 * | `changesPermissions` | the path | `chmod`, `setcap`, `setfacl` |
 * | `weakensDefence` | what is weakened: `SELinux`, `firewall`, `audit`, `TLS verification`, `history`, … | the command |
 * | `changesTrust` | the repository, key or certificate store | `apt-key`, `rpm`, `update-ca-certificates` |
 * | `changesKernel` | the module or setting | `modprobe`, `insmod`, `sysctl` |
 * | `needsRoot` | empty | `sudo`, `doas`, `id -u` |
 * | `misleadsReader` | what is misleading | the command, alias or function |
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Position } from "./Position.ts"

/**
 * The kinds of fact.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FactKind = Schema.Literals([
  "downloads",
  "runsFetchedCode",
  "runsHiddenCode",
  "connects",
  "removes",
  "writes",
  "installsPackage",
  "changesUser",
  "changesService",
  "schedulesJob",
  "opensPort",
  "changesPermissions",
  "weakensDefence",
  "changesTrust",
  "changesKernel",
  "needsRoot",
  "misleadsReader"
])

/**
 * @since 0.1.0
 * @category models
 */
export type FactKind = typeof FactKind.Type

/**
 * An effect of a command of the script.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ScriptFact = Schema.Struct({
  kind: FactKind,
  /**
   * What it is about: a path, URL, package, user, service or port. Contains `$…` for a part that is known only when the
   * script runs.
   */
  subject: Schema.String,
  /** The name of the command, or the operator of the redirection. */
  by: Schema.String,
  /** Why a reader must review it, in a few words; absent for what an installer is expected to do. */
  concern: Schema.optionalKey(Schema.String),
  /** The position of the command. For code within quotes or a here-document it is the start of that text. */
  position: Position,
  /** The command as written, on one line, shortened. */
  excerpt: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ScriptFact extends Schema.Schema.Type<typeof ScriptFact> {}

/**
 * Returns the facts of one kind, in the order of the script.
 *
 * @example
 * ```ts
 * import * as ScriptFacts from "@privx-kit/ueba/ScriptFacts"
 * import type { ShellSyntax } from "@privx-kit/ueba/ShellSyntax"
 *
 * export const urls = ({ facts }: ShellSyntax) => ScriptFacts.ofKind("downloads", facts).map(({ subject }) => subject)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const ofKind = (kind: FactKind, facts: ReadonlyArray<ScriptFact>): ReadonlyArray<ScriptFact> =>
  facts.filter((fact) => fact.kind === kind)

/**
 * Returns the facts that a reader must review, in the order of the script.
 *
 * @example
 * ```ts
 * import * as ScriptFacts from "@privx-kit/ueba/ScriptFacts"
 * import type { ShellSyntax } from "@privx-kit/ueba/ShellSyntax"
 *
 * export const toReview = ({ facts }: ShellSyntax) =>
 *   ScriptFacts.concerns(facts).map(({ concern, position }) => `line ${position.line}: ${concern}`)
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const concerns = (facts: ReadonlyArray<ScriptFact>): ReadonlyArray<ScriptFact> =>
  facts.filter((fact) => fact.concern !== undefined)
