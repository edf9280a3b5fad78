/**
 * A command whose work is loaded when it runs. The definition contains its flags, its help, and the module of its work.
 * `--help` loads only the definitions.
 */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Screen } from "../terminal/Screen.ts"
import * as ServerChoice from "../client/ServerChoice.ts"
import type * as ExitCode from "./ExitCode.ts"
import * as GlobalFlags from "./flags/GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"
import type { Ended } from "../domain/Ended.ts"
import type { Domains } from "../domain/Domains.ts"

/** The values of the flags and arguments, with `undefined` for an optional one that is not given. */
export type Values<Config extends Command.Command.Config> = {
  readonly [
    Key in keyof Command.Command.Config.Infer<Config>
  ]: Command.Command.Config.Infer<Config>[Key] extends Option.Option<infer A>
    ? A | undefined
    : Command.Command.Config.Infer<Config>[Key]
}

/** The values of the command, and those of the global flags. */
export type Input<Config extends Command.Command.Config> = GlobalFlags.Globals & Values<Config>

/** Does the work of a command, and reports its outcome. */
export type Work<Config extends Command.Command.Config> = (
  input: Input<Config>
) => Effect.Effect<void, Ended, Screen | Domains>

export interface Definition<Config extends Command.Command.Config> {
  /** Flags and arguments, under the names by which the work receives their values. */
  readonly parameters: Config
  readonly description: string
  readonly shortDescription: string
  readonly examples: ReadonlyArray<{ readonly command: string; readonly description?: string }>
  /** Exit codes in addition to 0, 1 and 2. */
  readonly exitCodes: ReadonlyArray<ExitCode.Name>
  /** The settings that it reads: those of PrivX, and its own variables. */
  readonly settings?: HelpSections.SettingNames
  readonly sections?: ReadonlyArray<HelpSections.Section>
  readonly load: (input: Input<Config>) => Promise<Work<Config>>
  /** The work of the command with a server. */
  readonly loadRemote?: (input: Input<Config>) => Promise<Work<Config>>
  /**
   * The name of a command that works only on the data directory, e.g. `artifacts list`. The command refuses to run if the
   * environment names a server.
   */
  readonly localOnly?: string
}

export const lazyCommand = <const Name extends string, const Config extends Command.Command.Config>(
  name: Name,
  definition: Definition<Config>
) =>
  Command.make(
    name,
    definition.parameters,
    Effect.fnUntraced(function* (parsed: Command.Command.Config.Infer<Config>) {
      const globals = yield* GlobalFlags.read
      const input = { ...globals, ...unwrapped(parsed) } as Input<Config>
      const server = "server" in input && typeof input.server === "string" ? input.server : undefined
      const isRemote = ServerChoice.isServer({ server, dataDir: globals.dataDir }, process.env)
      if (isRemote && definition.localOnly !== undefined) {
        const { refuse } = yield* Effect.promise(() => import("./LocalOnly.ts"))
        return yield* refuse(definition.localOnly, input)
      }
      const load = isRemote ? (definition.loadRemote ?? definition.load) : definition.load
      const work = yield* Effect.promise(() => load(input))
      yield* work(input)
    })
  ).pipe(
    Command.withDescription(definition.description),
    Command.withShortDescription(definition.shortDescription),
    Command.withExamples(definition.examples),
    Command.annotate(HelpSections.HelpSections, () => HelpSections.ofLeaf(definition))
  )

const unwrapped = (parsed: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(parsed ?? {}).map(([key, value]) => [
      key,
      Option.isOption(value) ? Option.getOrUndefined(value) : value
    ])
  )
