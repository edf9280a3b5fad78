/** Flags of processes that execute submitted fleets: the hosts and secrets that those fleets may name. */
import * as Flag from "effect/cli/Flag"
import * as path from "node:path"
import * as FlagKinds from "../flags/FlagKinds.ts"

export const flags = {
  fleetHosts: FlagKinds.required(
    "fleet-hosts",
    "PATTERN",
    "PrivX hosts that submitted fleets may name, e.g. '*.example.com'; can be repeated"
  ).pipe(
    Flag.filter(
      (pattern) => /^[^/@\s]+$/.test(pattern),
      () => "the name of a host, * for anything"
    ),
    Flag.atLeast(0)
  ),
  fleetEnv: FlagKinds.texts(
    "fleet-env",
    "PATTERN",
    "Environment variables that submitted fleets may name for credentials (default 'PRIVX_*'); can be repeated"
  ),
  fleetSecrets: FlagKinds.required(
    "fleet-secrets",
    "DIR",
    "Directory of the files that submitted fleets may name for credentials (default: none)"
  ).pipe(
    Flag.map((directory) => path.resolve(directory)),
    Flag.optional
  )
}

export interface Input {
  readonly fleetHosts: ReadonlyArray<string>
  readonly fleetEnv: ReadonlyArray<string>
  readonly fleetSecrets: string | undefined
}
