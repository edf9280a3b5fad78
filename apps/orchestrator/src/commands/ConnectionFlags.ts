/** Flags of every command that talks to a PrivX. Secrets are not among them: other users of a machine see its command lines. */
import * as Flag from "effect/cli/Flag"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as Settings from "../settings/Settings.ts"
import * as DurationText from "./DurationText.ts"
import type { Globals } from "./GlobalFlags.ts"

const duration = (name: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("TIME"),
    Flag.filterMap(DurationText.parse, () => "a time like 500ms, 30s, 2m or 1h"),
    Flag.optional
  )

export const flags = {
  baseUrl: Flag.String("base-url").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription("Where PrivX is, e.g. https://privx.example.com"),
    Flag.optional
  ),
  caFiles: Flag.String("ca-file").pipe(
    Flag.withMetavar("PEM"),
    Flag.withDescription("File with CA certificates to trust beside the system's; can be repeated"),
    Flag.atLeast(0)
  ),
  insecureHttp: Flag.Boolean("insecure-http").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Send credentials over plain http, even to another machine"),
    Flag.withDefault(false)
  ),
  timeout: duration("timeout").pipe(Flag.withDescription("How long one attempt may take (default 30s)")),
  deadline: duration("deadline").pipe(
    Flag.withDescription("How long a call may take with all its retries (default 2m)")
  )
}

/** What was given, without the wrapping that the parser needs. */
export interface ConnectionInput extends Settings.Flags {
  readonly timeout: Duration.Duration | undefined
  readonly deadline: Duration.Duration | undefined
}

export const values = (
  input: {
    readonly baseUrl: Option.Option<string>
    readonly caFiles: ReadonlyArray<string>
    readonly insecureHttp: boolean
    readonly timeout: Option.Option<Duration.Duration>
    readonly deadline: Option.Option<Duration.Duration>
  },
  globals: Pick<Globals, "config" | "dataDir">
): ConnectionInput => ({
  baseUrl: Option.getOrUndefined(input.baseUrl),
  caFiles: input.caFiles,
  insecureHttp: input.insecureHttp,
  timeout: Option.getOrUndefined(input.timeout),
  deadline: Option.getOrUndefined(input.deadline),
  config: globals.config,
  dataDir: globals.dataDir
})
