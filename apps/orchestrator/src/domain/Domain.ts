/**
 * A domain: everything that the program knows of one part of PrivX, or of a job around it, in one value. The commands, kinds of
 * run, workflows, exit codes and the simulator of the program are folds over the list of domains; the domains of other teams
 * stand in that list like those of privx-kit.
 *
 * ```ts
 * export default Domain.make("secrets", {
 *   commands: [secretsCommand],
 *   runs: () => import("./SecretRuns.ts"),
 *   failures: [{ tag: "SecretExists", code: 64, meaning: "the secret exists already" }]
 * })
 * ```
 *
 * What takes long to load is behind an `import()`: a command that does not need it starts as fast without the domain.
 */
import type { Screen } from "../terminal/Screen.ts"
import type { DomainServer } from "./DomainServer.ts"
import type { DomainFailure, Domains, RuntimeServices } from "./Domains.ts"
import type { Ended } from "./Ended.ts"
import type { TableMigrations } from "@privx-kit/runs/DomainMigrations"
import type { RunKind } from "@privx-kit/runs/RunKinds"
import type { SimulatorDomain } from "@privx-kit/simulator/SimulatorDomain"
import type * as Command from "effect/cli/Command"
import type * as GlobalFlag from "effect/cli/GlobalFlag"
import type * as OpenApi from "effect/http-api/OpenApi"
import type * as Layer from "effect/Layer"

/** The durable runs of a domain. */
export interface DomainRuns {
  readonly kinds: ReadonlyArray<RunKind>
  /** Lets the engine execute them: the `toLayer` of each kind. */
  readonly workflows: Layer.Layer<never, never, RuntimeServices>
}

/** What the program gives to the commands of its domains. */
export type CommandServices =
  | Screen
  | Domains
  | Command.Environment
  | GlobalFlag.Setting.Identifier<"config" | "data-dir" | "verbose">

/** A command of a domain; see {@link command}. */
export type DomainCommand = Command.Command<string, never, unknown, Ended, CommandServices>

/** A command that is loaded when the command line names it; see {@link late}. */
export interface LateCommand {
  readonly name: string
  /** What `privx-kit --help` says of it. It is the short description of the command itself, too. */
  readonly shortDescription: string
  readonly load: () => Promise<DomainCommand>
}

export interface Options {
  /** As subcommands of `privx-kit`; each by way of {@link command} or {@link late}. */
  readonly commands?: ReadonlyArray<DomainCommand | LateCommand>
  readonly runs?: () => Promise<DomainRuns>
  /** Tables of the domain beside the record of runs, in both databases. */
  readonly migrations?: () => Promise<TableMigrations>
  readonly failures?: ReadonlyArray<DomainFailure>
  /** What the domain has of PrivX, for `simulate`. The simulator brings UEBA and playback by itself, in the same way. */
  readonly simulator?: () => Promise<SimulatorDomain>
  /** Endpoints of `privx-kit serve`, and a view of the domain on the web page. */
  readonly server?: () => Promise<DomainServer>
  /** The OpenAPI document of what the domain calls of PrivX. */
  readonly openapi?: () => Promise<OpenApi.OpenAPISpec>
}

export interface Domain extends Options {
  readonly name: string
}

export const make = (name: string, options: Options): Domain => ({ name, ...options })

/** Makes a command one of a domain: it needs nothing but what the program gives, and reports its failures by itself. */
export const command = <Name extends string, Input, Context, R extends CommandServices>(
  command: Command.Command<Name, Input, Context, Ended, R>
): DomainCommand =>
  // The name is part of the type, and no list could have commands of different names.
  command as unknown as DomainCommand

/** Makes a command one of a domain without loading its definition: other commands start as fast without it. */
export const late = (name: string, shortDescription: string, load: () => Promise<DomainCommand>): LateCommand => ({
  name,
  shortDescription,
  load
})
