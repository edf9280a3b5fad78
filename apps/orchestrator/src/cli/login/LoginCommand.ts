/** The flags and help of `privx-kit login` and `privx-kit logout`. */
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

const settings = { own: ["server"] } as const

export const login = lazyCommand("login", {
  parameters: {
    ...ServerFlags.flags,
    device: FlagKinds.toggle("device", "Show a code to enter in a browser on another device"),
    json: FlagKinds.json
  },
  description:
    "Sign in to a privx-kit server with its OpenID Connect issuer. Open the address that the command shows in a browser on this machine; with --device, on any device.\n\n" +
    "The tokens are kept in a file that only you can read, and renewed when they expire. Every command with --server uses them, unless PRIVX_KIT_SERVER_TOKEN or PRIVX_KIT_SERVER_TOKEN_FILE is set.",
  shortDescription: "Sign in to a server",
  examples: [
    { command: "privx-kit login --server https://kit.example.com:7443" },
    { command: "privx-kit login --server https://kit.example.com:7443 --device", description: "Without a browser here" }
  ],
  exitCodes: [...exitsOf.network, ...exitsOf.signals, "storage"],
  settings,
  load: () => import("./Login.ts").then(({ run }) => run)
})

export const logout = lazyCommand("logout", {
  parameters: { ...ServerFlags.flags, json: FlagKinds.json },
  description:
    "Sign out of a privx-kit server: the issuer revokes the login, and its tokens are removed from this machine.",
  shortDescription: "Sign out of a server",
  examples: [{ command: "privx-kit logout --server https://kit.example.com:7443" }],
  exitCodes: ["settings", "storage", ...exitsOf.signals],
  settings,
  load: () => import("./Logout.ts").then(({ run }) => run)
})
