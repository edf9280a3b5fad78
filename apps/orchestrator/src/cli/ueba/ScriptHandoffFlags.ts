/** Flags for what `ueba setup` does with a verified script after storing it, for the operator, and for the signing key. */
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as FlagKinds from "../flags/FlagKinds.ts"

export const defaultExecuteTimeout = Duration.minutes(10)

export const flags = {
  stdout: FlagKinds.toggle("stdout", "Write the script to standard output, and everything else to standard error"),
  execute: FlagKinds.toggle("execute", "Execute the script on this machine, after asking"),
  yes: FlagKinds.toggle("yes", "Do not ask before --execute").pipe(Flag.withAlias("y")),
  executeAgain: FlagKinds.toggle(
    "execute-again",
    "With --execute and --run: execute the script even though it was executed before"
  ),
  executeTimeout: FlagKinds.time("execute-timeout", "Stop the script after this time (default 10m)").pipe(
    Flag.withDefault(defaultExecuteTimeout)
  ),
  operator: FlagKinds.text("operator", "NAME", "Name of the operator, for the manifest (default: the account)"),
  signingKey: FlagKinds.text(
    "signing-key",
    "PEM",
    "Ed25519 key (PEM file) that signs the attestation (default: the key of the data directory)"
  )
}

export interface HandoffInput {
  readonly stdout: boolean
  readonly execute: boolean
  readonly yes: boolean
  readonly executeAgain: boolean
  readonly executeTimeout: Duration.Duration
  readonly operator: string | undefined
  readonly signingKey: string | undefined
}
