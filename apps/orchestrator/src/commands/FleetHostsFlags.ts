/** Flags of the processes that carry out fleets which are handed to a server: what these may name. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import * as path from "node:path"

export const flags = {
  fleetHosts: Flag.String("fleet-hosts").pipe(
    Flag.withMetavar("PATTERN"),
    Flag.withDescription("PrivX hosts that handed-over fleets may name, e.g. '*.example.com'; can be repeated"),
    Flag.filter(
      (pattern) => /^[^/@\s]+$/.test(pattern),
      () => "the name of a host, * for anything"
    ),
    Flag.atLeast(0)
  ),
  fleetEnv: Flag.String("fleet-env").pipe(
    Flag.withMetavar("PATTERN"),
    Flag.withDescription("Environment variables that they may name for credentials (default PRIVX_*); can be repeated"),
    Flag.atLeast(0)
  ),
  fleetSecrets: Flag.String("fleet-secrets").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("Folder with the files that they may name for credentials; without it, none"),
    Flag.optional
  )
}

export interface Input {
  readonly fleetHosts: ReadonlyArray<string>
  readonly fleetEnv: ReadonlyArray<string>
  readonly fleetSecrets: string | undefined
}

/** What was given, without the wrapping that the parser needs. */
export const values = ({
  fleetEnv,
  fleetHosts,
  fleetSecrets
}: {
  readonly fleetHosts: ReadonlyArray<string>
  readonly fleetEnv: ReadonlyArray<string>
  readonly fleetSecrets: Option.Option<string>
}): Input => ({
  fleetHosts,
  fleetEnv,
  fleetSecrets: Option.getOrUndefined(Option.map(fleetSecrets, (folder) => path.resolve(folder)))
})
