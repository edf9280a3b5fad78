/**
 * A domain: everything in the program that concerns one part of PrivX, or a job that uses it, in one value. The commands,
 * kinds of run, workflows, exit codes and the simulator of the program are folds over the list of domains. Domains of
 * other projects are in this list like those of privx-kit.
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
 * Code that is slow to load is behind an `import()`, so that commands that do not need it start as fast as without the
 * domain.
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
  /** Lets the engine execute them, through the `toLayer` of each kind. */
  readonly workflows: Layer.Layer<never, never, RuntimeServices>
}

/** The services that the program provides to the commands of its domains. */
export type CommandServices =
  | Screen
  | Domains
  | Command.Environment
  | GlobalFlag.Setting.Identifier<"config" | "data-dir" | "verbose">

/** A command of a domain; see {@link command}. */
export type DomainCommand = Command.Command<string, never, unknown, Ended, CommandServices>

/** A command that is loaded when the command line selects it; see {@link late}. */
export interface LateCommand {
  readonly name: string
  /** Its description in `privx-kit --help`, which is also the short description of the command. */
  readonly shortDescription: string
  readonly load: () => Promise<DomainCommand>
}

export interface Options {
  /** Subcommands of `privx-kit`, each created with {@link command} or {@link late}. */
  readonly commands?: ReadonlyArray<DomainCommand | LateCommand>
  readonly runs?: () => Promise<DomainRuns>
  /** Tables of the domain in addition to the record of runs, in both databases. */
  readonly migrations?: () => Promise<TableMigrations>
  readonly failures?: ReadonlyArray<DomainFailure>
  /**
   * The PrivX endpoints that the domain adds to `simulate`. The simulator itself contains UEBA and playback in the same
   * way.
   */
  readonly simulator?: () => Promise<SimulatorDomain>
  /** Endpoints of `privx-kit serve`, and a view of the domain on the web page. */
  readonly server?: () => Promise<DomainServer>
  /** The OpenAPI document of the PrivX endpoints that the domain calls. */
  readonly openapi?: () => Promise<OpenApi.OpenAPISpec>
}

export interface Domain extends Options {
  readonly name: string
}

export const make = (name: string, options: Options): Domain => ({ name, ...options })

/** Creates a command of a domain. It needs only the services of the program, and reports its own failures. */
export const command = <Name extends string, Input, Context, R extends CommandServices>(
  command: Command.Command<Name, Input, Context, Ended, R>
): DomainCommand =>
  // The name is part of the type, so a list could not contain commands with different names.
  command as unknown as DomainCommand

/** Creates a command of a domain without loading its definition, so that other commands start as fast as without it. */
export const late = (name: string, shortDescription: string, load: () => Promise<DomainCommand>): LateCommand => ({
  name,
  shortDescription,
  load
})
