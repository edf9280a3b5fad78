/** Flags of the commands that work with a server as well as with a data folder. The token is never among them. */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import * as ServerChoice from "../settings/ServerChoice.ts"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import type { Globals } from "./GlobalFlags.ts"

export const server = Flag.String("server").pipe(
  Flag.withMetavar("URL"),
  Flag.withDescription("Ask this privx-kit serve instead of the data folder; token in PRIVX_KIT_SERVER_TOKEN"),
  Flag.optional
)

/** For commands that talk to no PrivX. */
export const flags = {
  server,
  caFiles: ConnectionFlags.flags.caFiles,
  insecureHttp: ConnectionFlags.flags.insecureHttp
}

export const isMeant = (input: ServerSettings.Flags): boolean => ServerChoice.isServer(input, process.env)

/** What was given, without the wrapping that the parser needs. */
export const values = (
  input: {
    readonly server: Option.Option<string>
    readonly caFiles: ReadonlyArray<string>
    readonly insecureHttp: boolean
  },
  { dataDir }: Pick<Globals, "dataDir">
): ServerSettings.Flags => ({
  server: Option.getOrUndefined(input.server),
  caFiles: input.caFiles,
  insecureHttp: input.insecureHttp,
  dataDir
})
