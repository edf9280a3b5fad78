/** The flags and help of `privx-kit fleet …`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf, variablesOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

const file = FlagKinds.argument("FILE", "Fleet file, YAML or JSON")

const runId = FlagKinds.argument("RUN", "Id of the fleet run, or a unique prefix of it")

const selection = {
  only: FlagKinds.texts("only", "NAME", "Only hosts with this name, * for anything; can be repeated"),
  label: FlagKinds.required("label", "NAME=VALUE", "Only hosts with this label; repeat it to require several").pipe(
    Flag.filter(
      (text) => /^[^=]+=/.test(text),
      () => "NAME=VALUE"
    ),
    Flag.atLeast(0)
  )
}

const all = FlagKinds.toggle("all", "Show every host of a large fleet, including those without problems")

const json = FlagKinds.json

const exitCodes = [...exitsOf.network, ...exitsOf.dataDirectory] as const

const settings = { own: ["signingKey", "keepRuns", ...variablesOf.server] } as const

const apply = lazyCommand("apply", {
  parameters: {
    file,
    ...selection,
    plan: FlagKinds.toggle("plan", "Only show what would be done for each host; send nothing"),
    all,
    ...ServerFlags.flags,
    json
  },
  description:
    "Set up every host of a fleet: create a session, download the setup script, verify it, store it with a manifest.\n\n" +
    "The fleet is one durable run, and each host is a run of its own. If it stops, the same command resumes it with the remaining hosts. A host that fails or waits for approval does not block the others; an approved host continues by itself.\n\n" +
    "If the file says job: bootstrap, each host is bootstrapped up to an active model instead, as by privx-kit ueba bootstrap.\n\n" +
    "With --server, the fleet is submitted to the server and continues there even if this command ends. The server reads the credentials; this command writes the scripts to the output directories of the file on this machine.",
  shortDescription: "Set up every host of a fleet",
  examples: [
    { command: "privx-kit fleet apply fleet.yaml --plan", description: "See what would be done" },
    { command: "privx-kit fleet apply fleet.yaml" },
    { command: "privx-kit fleet apply fleet.yaml --only 'hel-*' --label stage=test --json" },
    { command: "privx-kit fleet apply fleet.yaml --server https://kit.example.com:7443", description: "On a server" }
  ],
  exitCodes: [...exitCodes, ...exitsOf.signals, "hostsFailed", "hostsWaiting"],
  settings,
  load: ({ plan }) =>
    plan ? import("./FleetPlan.ts").then(({ run }) => run) : import("./FleetApply.ts").then(({ run }) => run),
  loadRemote: (input) => import("./FleetRemote.ts").then(({ apply, plan }) => (input.plan ? plan : apply))
})

const show = lazyCommand("show", {
  parameters: {
    runId,
    file: FlagKinds.text("file", "FILE", "Fleet file: download the scripts of a server to where it says"),
    all,
    ...ServerFlags.flags,
    json
  },
  description: "Show the results of a fleet run, host by host. Another process, or a server, may still execute it.",
  shortDescription: "Show the hosts of a fleet run",
  examples: [
    { command: "privx-kit fleet show 1f0c --all" },
    {
      command: "privx-kit fleet show 1f0c --server https://kit.example.com --file fleet.yaml",
      description: "Download the scripts"
    }
  ],
  exitCodes: [...exitCodes, "runNotFound", "hostsFailed"],
  settings,
  load: () => import("./FleetShow.ts").then(({ run }) => run),
  loadRemote: () => import("./FleetRemote.ts").then(({ show }) => show)
})

const retry = lazyCommand("retry", {
  parameters: {
    runId,
    file: FlagKinds.text(
      "file",
      "FILE",
      "Fleet file with the connection of the hosts (default: the file of the run); with a server, where scripts go"
    ),
    all,
    ...ServerFlags.flags,
    json
  },
  description:
    "Set up the failed and cancelled hosts of a fleet run again, with the inputs of the run, as its next attempt. Finished hosts are not touched.",
  shortDescription: "Set up the failed hosts of a fleet run again",
  examples: [{ command: "privx-kit fleet retry 1f0c" }],
  exitCodes: [...exitCodes, ...exitsOf.signals, "runNotFound", "conflict", "hostsFailed", "hostsWaiting"],
  settings,
  load: () => import("./FleetRetry.ts").then(({ run }) => run),
  loadRemote: () => import("./FleetRemote.ts").then(({ retry }) => retry)
})

const status = lazyCommand("status", {
  parameters: { file, ...selection, all, ...ServerFlags.flags, output: FlagKinds.output, json },
  description:
    "Show the state of each host of a fleet, from the record alone; nothing is sent. A host has drifted if its script is neither the approved one nor the baseline, its last run failed or waits for approval, its last successful run is older than max_age of the file, or it has none. If a host has drifted, the exit code is 29.",
  shortDescription: "Show which hosts have drifted",
  examples: [{ command: "privx-kit fleet status fleet.yaml --json" }],
  exitCodes: [...exitCodes, "drift"],
  settings,
  load: () => import("./FleetStatusCommand.ts").then(({ run }) => run),
  loadRemote: () => import("./FleetRemote.ts").then(({ status }) => status)
})

const watch = lazyCommand("watch", {
  parameters: {
    file,
    ...selection,
    rounds: FlagKinds.positive("rounds", "Stop after N rounds, with exit code 29 if hosts have drifted").pipe(
      Flag.optional
    ),
    all,
    ...ServerFlags.flags,
    json: FlagKinds.toggle("json", "Print one line of JSON for each round (NDJSON)")
  },
  description:
    "Apply a fleet on its schedule until Ctrl-C or SIGTERM, and report after each round which hosts have drifted. The file is read again before each round; a file with a mistake is reported, and the last good one stays in use. Between rounds, approved hosts continue at once.",
  shortDescription: "Apply a fleet on its schedule, and report drift",
  examples: [{ command: "privx-kit fleet watch fleet.yaml" }],
  exitCodes: [...exitCodes, "hostsFailed", "hostsWaiting", "drift"],
  settings,
  load: () => import("./FleetWatch.ts").then(({ run }) => run),
  loadRemote: () => import("./FleetWatchRemote.ts").then(({ run }) => run)
})

export const fleet = Command.make("fleet").pipe(
  Command.withDescription("Set up many PrivX hosts from one file."),
  Command.withShortDescription("Set up many PrivX hosts, once or on a schedule"),
  Command.withSubcommands([apply, status, watch, show, retry])
)
