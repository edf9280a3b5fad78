/**
 * Commands of domains. They share flags, PrivX settings, failures and exit codes, and print a result for people, or for
 * programs with `--json`.
 *
 * ```ts
 * const list = DomainCommand.make("list", {
 *   of: "secrets",
 *   description: "List the secrets of the vault.",
 *   parameters: {},
 *   run: () => Effect.flatMap(Secrets, ({ list }) => list).pipe(Effect.provide(Secrets.layer)),
 *   toPerson: ({ items }, out) => Effect.forEach(items, ({ name }) => out.line(name), { discard: true })
 * })
 * ```
 *
 * A command whose work is slow to load defers it with `load`, so that `--help` does not wait for it.
 */
import type { Failure } from "@privx-kit/core/Failure"
import type * as DurableRun from "@privx-kit/runs/DurableRun"
import type { HostServices } from "@privx-kit/settings/PrivxHosts"
import type * as Command from "effect/cli/Command"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Pane, Screen } from "../terminal/Screen.ts"
import type { Given, GivenDurable, Shown } from "./DomainCommandRun.ts"
import type * as ExitCode from "./ExitCode.ts"
import * as ConnectionFlags from "./flags/ConnectionFlags.ts"
import * as FlagKinds from "./flags/FlagKinds.ts"
import { exitsOf, type Section } from "./HelpSections.ts"
import { type Input, lazyCommand } from "./LazyCommand.ts"

const common = {
  ...ConnectionFlags.flags,
  json: FlagKinds.json
}

interface Described<Config extends Command.Command.Config> {
  /** The parent command. */
  readonly of: string
  readonly description: string
  /** Default: the description. */
  readonly shortDescription?: string
  /** Flags and arguments in addition to those of every command that calls PrivX. */
  readonly parameters: Config
  readonly examples?: ReadonlyArray<{ readonly command: string; readonly description?: string }>
  /** Exit codes in addition to those of every such command. */
  readonly exitCodes?: ReadonlyArray<ExitCode.Name>
  readonly sections?: ReadonlyArray<Section>
}

/** Renders the result of a command. */
interface Shows<A> {
  readonly toPerson: (result: A, out: Pane) => Effect.Effect<void>
  /** Default: the result unchanged. */
  readonly toJson?: ((result: A) => unknown) | undefined
  /** The exit code of a result that is not `ok`. */
  readonly exitName?: ((result: A) => ExitCode.Name) | undefined
}

/** The work of a command that calls PrivX. */
export interface Call<I, A> extends Shows<A> {
  readonly run: (input: I) => Effect.Effect<A, Failure, HostServices | Screen | Scope.Scope>
}

/** The work of a command that executes a durable run. */
export interface Durable<I, Inputs, Result, E extends Failure> extends Shows<Result> {
  readonly kind: DurableRun.DurableRun<Inputs, Result, E>
  readonly inputs: (input: I) => Inputs
}

/** A command that calls PrivX and prints the response. */
export const make = <const Name extends string, const Config extends Command.Command.Config, A>(
  name: Name,
  definition: Described<Config> & Call<Input<Config>, A>
) => lazy<Name, Config, A>(name, { ...definition, load: async () => definition })

/** Like {@link make}, but its work is in a module that is loaded when the command runs. */
export const lazy = <const Name extends string, const Config extends Command.Command.Config, A>(
  name: Name,
  definition: Described<Config> & { readonly load: () => Promise<Call<Input<Config>, A>> }
) =>
  define(name, definition, definition.parameters, async (shown) => {
    const [{ call }, work] = await Promise.all([import("./DomainCommandRun.ts"), definition.load()])
    return (input: Input<Config> & Given) => call({ ...shown, ...work }, () => work.run(input), input)
  })

/** A command that executes and follows a durable run of a kind. With `--run ID` it resumes one. */
export const durable = <
  const Name extends string,
  const Config extends Command.Command.Config,
  Inputs,
  Result,
  E extends Failure
>(
  name: Name,
  definition: Described<Config> & Durable<Input<Config>, Inputs, Result, E>
) =>
  define(
    name,
    definition,
    {
      ...definition.parameters,
      runId: FlagKinds.text("run", "ID", "Resume this run"),
      fresh: FlagKinds.toggle("new", "Start a new run beside an unfinished one with the same inputs")
    },
    async (shown) => {
      const { execute } = await import("./DomainCommandRun.ts")
      return (input: Input<Config> & GivenDurable) =>
        execute({ ...shown, ...definition }, definition.kind, definition.inputs(input), input)
    }
  )

const define = <
  const Name extends string,
  const Config extends Command.Command.Config,
  G extends Input<Config> & Given
>(
  name: Name,
  definition: Described<Config>,
  parameters: Command.Command.Config,
  load: (
    shown: Pick<Shown<never>, "command">
  ) => Promise<(input: G) => ReturnType<typeof import("./DomainCommandRun.ts").call>>
) => {
  const { description, examples = [], exitCodes = [], of, sections = [], shortDescription = description } = definition
  return lazyCommand(name, {
    parameters: { ...parameters, ...common },
    description,
    shortDescription,
    examples,
    exitCodes: [...exitsOf.network, ...exitCodes],
    settings: { privx: true, own: ["config"] },
    sections,
    load: async () => {
      const work = await load({ command: `${of} ${name}` })
      // The parameters are those of the definition and the common ones: the parser returns the values of both.
      return (input) => work(input as unknown as G)
    }
  })
}
