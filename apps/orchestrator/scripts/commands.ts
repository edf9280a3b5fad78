/** Every command of the program with its help, as the parser describes it: what man pages and the reference are made from. */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { builtIn } from "../src/Domains.ts"
import * as CommandTree from "../src/cli/CommandTree.ts"
import { HelpSections, type Section } from "../src/cli/HelpSections.ts"
import * as ParserServices from "../src/cli/ParserServices.ts"
import * as DomainList from "../src/domain/DomainList.ts"
import { Screen } from "../src/terminal/Screen.ts"

export interface Documented {
  /** Without `privx-kit`; empty for the program itself. */
  readonly words: ReadonlyArray<string>
  readonly doc: HelpDoc
  readonly sections: ReadonlyArray<Section>
  readonly subcommands: ReadonlyArray<{ readonly name: string; readonly description: string }>
}

const helpOf = (words: ReadonlyArray<string>): Effect.Effect<HelpDoc> =>
  Effect.gen(function* () {
    let help: HelpDoc | undefined
    const presenter = Layer.succeed(CliOutput.Presenter, {
      present: (event) =>
        Effect.sync(() => {
          if (event._tag === "Help") help = event.helpDoc
        })
    })
    const tree = yield* CommandTree.make(builtIn, "0.0.0", "all")
    yield* Command.runWith(tree, { version: "0.0.0" })([...words, "--help"]).pipe(
      Effect.provide([
        presenter,
        CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.LogLevel] }),
        Screen.layer(false),
        DomainList.layer(builtIn),
        ParserServices.layer
      ]),
      Effect.orDie
    )
    return help ?? (yield* Effect.die(new Error(`${words.join(" ")} has no help`)))
  })

/** The command and everything below it, in the order of `--help`. */
export const all = (words: ReadonlyArray<string> = []): Effect.Effect<ReadonlyArray<Documented>> =>
  Effect.gen(function* () {
    const doc = yield* helpOf(words)
    const subcommands = (doc.subcommands ?? []).flatMap(({ commands }) =>
      commands.map(({ description, name, shortDescription }) => ({
        name,
        description: shortDescription ?? description
      }))
    )
    const sections = Option.match(Context.getOption(doc.annotations, HelpSections), {
      onNone: () => [],
      onSome: (make) => make()
    })
    const below = yield* Effect.forEach(subcommands, ({ name }) => all([...words, name]))
    return [{ words, doc, sections, subcommands }, ...below.flat()]
  })

export const fullName = ({ words }: Pick<Documented, "words">): string => ["privx-kit", ...words].join(" ")

/** `-o, --output DIR`, as `--help` shows it. */
export const flagName = ({ aliases, name, type }: FlagDoc): string => {
  const names = name === "color" ? ["--color", "--no-color"] : [...aliases, `--${name}`]
  const value = name === "log-level" ? "LEVEL" : type
  return names.join(", ") + (value === "boolean" ? "" : ` ${value}`)
}

export const textOf = (description: Option.Option<string>): string => Option.getOrElse(description, () => "")
