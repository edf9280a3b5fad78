/** Flags of every command. */
import * as Effect from "effect/Effect"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Option from "effect/Option"
import * as FlagKinds from "./FlagKinds.ts"

const Config = GlobalFlag.Setting("config")({ flag: FlagKinds.text("config", "FILE", "Config file, in TOML") })

const DataDir = GlobalFlag.Setting("data-dir")({
  flag: FlagKinds.text("data-dir", "DIR", "Directory for runs and artifacts")
})

/** Parsed here only for `--help` and for errors; `Start` has already applied it. */
const Color = GlobalFlag.Setting("color")({
  flag: Flag.Boolean("color").pipe(
    Flag.withDescription("Turn colours on or off (default: on at a terminal, unless NO_COLOR is set)"),
    Flag.optional
  )
})

const Verbose = GlobalFlag.Setting("verbose")({
  flag: FlagKinds.toggle("verbose", "Log to standard error, and show the cause of errors and every check")
})

export const all = [Config, DataDir, Color, Verbose] as const

export interface Globals {
  readonly config: string | undefined
  readonly dataDir: string | undefined
  readonly verbose: boolean
}

/** The values of the flags. */
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
