/** What `ueba setup` does with a verified script beyond storing it, and who vouches for it. */
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as DurationText from "./DurationText.ts"
import * as ModeText from "./ModeText.ts"

const off = (name: string) => Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDefault(false))

export const flags = {
  mode: Flag.String("mode").pipe(
    Flag.withMetavar("MODE"),
    Flag.withDescription("Permissions of the script in the output folder (default 0700)"),
    Flag.filterMap(ModeText.parse, () => ModeText.expected),
    Flag.optional
  ),
  owner: Flag.String("owner").pipe(
    Flag.withMetavar("USER[:GROUP]"),
    Flag.withDescription("Owner of the script in the output folder; for root only"),
    Flag.optional
  ),
  stdout: off("stdout").pipe(
    Flag.withDescription("Write the script to standard output, and everything else to standard error")
  ),
  execute: off("execute").pipe(Flag.withDescription("Run the script on this machine, after asking")),
  yes: off("yes").pipe(Flag.withAlias("y"), Flag.withDescription("Do not ask before --execute")),
  executeAgain: off("execute-again").pipe(
    Flag.withDescription("With --execute and --run: run it once more, although it was run before")
  ),
  executeTimeout: Flag.String("execute-timeout").pipe(
    Flag.withMetavar("TIME"),
    Flag.withDescription("End the script after this time (default 10m)"),
    Flag.filterMap(DurationText.parse, () => "a time like 30s, 10m or 1h"),
    Flag.optional
  ),
  operator: Flag.String("operator").pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription("Who does this, for the manifest (default: the account)"),
    Flag.optional
  ),
  signingKey: Flag.String("signing-key").pipe(
    Flag.withMetavar("PEM"),
    Flag.withDescription("Ed25519 key (PEM file) that signs the attestation (default: the data folder's own)"),
    Flag.optional
  )
}

export interface HandOverInput {
  readonly mode: number | undefined
  readonly owner: string | undefined
  readonly stdout: boolean
  readonly execute: boolean
  readonly yes: boolean
  readonly executeAgain: boolean
  readonly executeTimeout: Duration.Duration
  readonly operator: string | undefined
  readonly signingKey: string | undefined
}

export const defaultExecuteTimeout = Duration.minutes(10)

type Parsed = {
  readonly [Key in keyof HandOverInput]: HandOverInput[Key] extends boolean
    ? boolean
    : Option.Option<Exclude<HandOverInput[Key], undefined>>
}

export const values = (input: Parsed): HandOverInput => ({
  mode: Option.getOrUndefined(input.mode),
  owner: Option.getOrUndefined(input.owner),
  stdout: input.stdout,
  execute: input.execute,
  yes: input.yes,
  executeAgain: input.executeAgain,
  executeTimeout: Option.getOrElse(input.executeTimeout, () => defaultExecuteTimeout),
  operator: Option.getOrUndefined(input.operator),
  signingKey: Option.getOrUndefined(input.signingKey)
})
