/** The flags and help of `privx-kit doctor`. */
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

export const doctor = lazyCommand("doctor", {
  parameters: { ...ConnectionFlags.flags, server: ServerFlags.server, json: FlagKinds.json },
  description:
    "Show where each setting comes from, and check what a job needs: host, certificate, credentials, data directory and, where they are set, the privx-kit server and the shared database.\n\n" +
    "The command requests a token from PrivX and nothing else, and changes nothing. Secrets are shown as set, never with their value. The exit code is that of the first failed check.",
  shortDescription: "Check settings, network, certificate, credentials, data directory, server",
  examples: [
    { command: "privx-kit doctor" },
    {
      command: "privx-kit doctor --base-url https://privx.example.com --ca-file ca.pem",
      description: "Try settings before you store them"
    },
    { command: "privx-kit doctor --json", description: "In a script" }
  ],
  exitCodes: [...exitsOf.network, ...exitsOf.dataDirectory, "database"],
  settings: { privx: true, own: ["dataDir", "config", "databaseUrl", "server", "serverToken", "serverTokenFile"] },
  load: () => import("./DoctorReport.ts").then(({ run }) => run)
})
