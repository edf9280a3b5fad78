/** Flags that every command takes. */
import * as Effect from "effect/Effect"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Option from "effect/Option"

const Config = GlobalFlag.Setting("config")({
  flag: Flag.String("config").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("TOML file with settings"),
    Flag.optional
  )
})

const DataDir = GlobalFlag.Setting("data-dir")({
  flag: Flag.String("data-dir").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("Folder for runs and artifacts"),
    Flag.optional
  )
})

/** Parsed here, so that it is known and explained; `Start` has acted on it by then. */
const Color = GlobalFlag.Setting("color")({
  flag: Flag.Boolean("color").pipe(
    Flag.withDescription("Colour the output, or not; by default on a terminal, and NO_COLOR is honoured"),
    Flag.optional
  )
})

const Verbose = GlobalFlag.Setting("verbose")({
  flag: Flag.Boolean("verbose").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Log what happens to standard error; errors with their cause"),
    Flag.withDefault(false)
  )
})

export const all = [Config, DataDir, Color, Verbose] as const

export interface Globals {
  readonly config: string | undefined
  readonly dataDir: string | undefined
  readonly verbose: boolean
}

/** What was given of them. */
export const read = Effect.gen(function* (): Effect.fn.Return<
  Globals,
  never,
  GlobalFlag.Setting.Identifier<"config" | "data-dir" | "verbose">
> {
  return {
    config: Option.getOrUndefined(yield* Config),
    dataDir: Option.getOrUndefined(yield* DataDir),
    verbose: yield* Verbose
  }
})
