/** Flags of commands that work with a server or with a data directory. No flag takes the token. */
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as ServerChoice from "../../client/ServerChoice.ts"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as FlagKinds from "./FlagKinds.ts"

export const server = FlagKinds.text(
  "server",
  "URL",
  "Use this privx-kit server instead of the data directory; token of privx-kit login, or in PRIVX_KIT_SERVER_TOKEN"
)

/** For commands that do not call PrivX. */
export const flags = {
  server,
  caFiles: ConnectionFlags.flags.caFiles,
  insecureHttp: ConnectionFlags.flags.insecureHttp
}

export const isServer = (input: ServerSettings.Flags): boolean => ServerChoice.isServer(input, process.env)
