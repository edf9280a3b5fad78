/**
 * Flags of every command that calls PrivX. No flag takes a secret, because other users of a machine can see command
 * lines.
 */
import * as Flag from "effect/cli/Flag"
import type * as Duration from "effect/Duration"
import type * as Settings from "@privx-kit/settings/Settings"
import * as FlagKinds from "./FlagKinds.ts"

export const flags = {
  baseUrl: FlagKinds.text("base-url", "URL", "URL of PrivX, e.g. https://privx.example.com"),
  caFiles: FlagKinds.texts(
    "ca-file",
    "PEM",
    "File with CA certificates to trust in addition to the system's; can be repeated"
  ),
  insecureHttp: FlagKinds.toggle("insecure-http", "Send credentials over plain http, even to another machine"),
  timeout: FlagKinds.time("timeout", "Time limit of one attempt (default 30s)").pipe(Flag.optional),
  deadline: FlagKinds.time("deadline", "Time limit of a call with all its retries (default 2m)").pipe(Flag.optional)
}

/** The values of the flags. */
export interface ConnectionInput extends Settings.Flags {
  readonly timeout: Duration.Duration | undefined
  readonly deadline: Duration.Duration | undefined
}
