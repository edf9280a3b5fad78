/** The flags and help of `privx-kit ueba bootstrap`. */
import * as Flag from "effect/cli/Flag"
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"
import * as JobFlags from "./JobFlags.ts"
import * as ScriptHandoffFlags from "./ScriptHandoffFlags.ts"
import * as SetupFlags from "./SetupFlags.ts"

const steps = ["check", "configure", "deliver", "service", "count", "dataset", "trained", "activate"] as const

// The file also has a size limit, and the delivered script belongs to the account that executes the run.
const { maxBytes: _, mode: __, owner: ___, ...inputs } = SetupFlags.flags

const { text } = FlagKinds

export const bootstrap = lazyCommand("bootstrap", {
  parameters: {
    ...ConnectionFlags.flags,
    server: ServerFlags.server,
    file: text("file", "FILE", "Bootstrap file, TOML or JSON; flags take precedence"),
    address: text("address", "HOST[:PORT]", "Address of the UEBA host (default: the configured one)"),
    trustAnchors: text("trust-anchors", "PEM", "File with the trust anchors (default: the configured ones)"),
    ...inputs,
    name: text("name", "NAME", "Name of the dataset; an existing dataset with this name is reused (default privx-kit)"),
    start: text("start", "TIME", "Start of the dataset's range: a date, or an age like 90d (default 90d)"),
    end: text("end", "TIME", "End of the range (default: none)"),
    minConnections: FlagKinds.positive(
      "min-connections",
      "Minimum number of connections in the range (default 5000)"
    ).pipe(Flag.optional),
    fewConnections: Flag.Literals("few-connections", ["stop", "wait"]).pipe(
      Flag.withDescription("What to do if there are fewer connections (default stop)"),
      Flag.optional
    ),
    waitLimit: text("wait-limit", "TIME", "Time limit of each wait, e.g. 12h (default: no limit)"),
    interval: text("interval", "TIME", "Time between two requests of a wait (default 15s)"),
    until: Flag.Literals("until", steps).pipe(Flag.withDescription("Stop after this step"), Flag.optional),
    plan: FlagKinds.toggle("plan", "Show the current state and what would change, without changing it"),
    execute: FlagKinds.toggle("execute", "Execute the verified script on this machine; needs --yes without a terminal"),
    yes: FlagKinds.toggle("yes", "Do not ask before --execute").pipe(Flag.withAlias("y")),
    executeAgain: FlagKinds.toggle(
      "execute-again",
      "With --execute: execute the script even if it was executed before"
    ),
    executeTimeout: ScriptHandoffFlags.flags.executeTimeout,
    ...JobFlags.flags,
    json: FlagKinds.json
  },
  description:
    "Take UEBA from scratch to an active model, as one durable run: configure address and trust anchors, download and verify the " +
    "setup script, deliver or execute it, wait until the service is running, count connections, create and train a dataset, and " +
    "make it the active one.\n\n" +
    "Each step does only what is still missing, so applying the same file again changes nothing. If the command stops, because of Ctrl-C or " +
    "a power cut, the same command or --run ID resumes the run. If the script is not verified, the configuration is restored; if the " +
    "new model cannot start, the old one is started again.",
  shortDescription: "Take UEBA from scratch to an active model",
  examples: [
    { command: "privx-kit ueba bootstrap --file ueba.toml --plan", description: "See what it would do" },
    { command: "privx-kit ueba bootstrap --file ueba.toml" },
    {
      command: "privx-kit ueba bootstrap --address ueba.example.com:8443 --trust-anchors ca.pem --few-connections wait",
      description: "Without a file; wait until there are enough connections"
    },
    {
      command: "privx-kit ueba bootstrap --file ueba.toml --until deliver",
      description: "Stop after the delivery of the script"
    },
    {
      command: "privx-kit ueba bootstrap --file ueba.toml --server https://kit.example.com",
      description: "On a server"
    }
  ],
  exitCodes: [
    ...exitsOf.network,
    ...exitsOf.dataDirectory,
    ...exitsOf.signals,
    "verification",
    "runNotFound",
    "approval",
    "rejected",
    "cancelled",
    "execution",
    "training",
    "connections",
    "notReady",
    "conflict",
    "mismatch"
  ],
  settings: JobFlags.settings,
  load: () => import("./UebaBootstrap.ts").then(({ run }) => run),
  loadRemote: () => import("./UebaBootstrapRemote.ts").then(({ run }) => run)
})
