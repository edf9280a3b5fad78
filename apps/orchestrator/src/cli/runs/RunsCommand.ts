/** The flags and help of `privx-kit runs …`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import * as TimeText from "@privx-kit/settings/TimeText"
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf, variablesOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

const settings = { own: variablesOf.server }

const exitCodes = [...exitsOf.network, ...exitsOf.dataDirectory] as const

const list = lazyCommand("list", {
  parameters: {
    status: Flag.Literals("status", [
      "queued",
      "running",
      "waiting",
      "interrupted",
      "succeeded",
      "failed",
      "cancelled"
    ]).pipe(Flag.withDescription("Only runs with this status; can be repeated"), Flag.atLeast(0)),
    target: FlagKinds.text("target", "URL", "Only runs of this PrivX host"),
    since: FlagKinds.required("since", "TIME", "Only runs started since then: 2h, 7d, or 2026-01-31").pipe(
      Flag.filterMap(TimeText.moment, () => "a time like 2h or 7d, or a date"),
      Flag.optional
    ),
    limit: FlagKinds.positive("limit", "Show at most the latest N (default 50)").pipe(Flag.withDefault(50)),
    ...ServerFlags.flags,
    parts: FlagKinds.toggle(
      "parts",
      "Also the runs of each host of a fleet; --status and --target always include them"
    ),
    ids: FlagKinds.toggle("ids", "Print only the ids, one on a line"),
    targets: FlagKinds.toggle("targets", "Print only the PrivX hosts of the runs, one on a line"),
    output: FlagKinds.output,
    json: FlagKinds.json
  },
  description:
    "List the runs of the data directory, or of a server, the latest first. Another process may use the data directory meanwhile.",
  shortDescription: "List runs, the latest first",
  examples: [
    { command: "privx-kit runs list --status failed --since 7d" },
    { command: "privx-kit runs list --json", description: "In a script" }
  ],
  exitCodes,
  settings,
  load: () => import("./RunsList.ts").then(({ run }) => run)
})

const one = { runId: FlagKinds.run, ...ServerFlags.flags, json: FlagKinds.json }

const show = lazyCommand("show", {
  parameters: one,
  description: "Show one run: its steps, retries, failures, earlier attempts and decisions.",
  shortDescription: "Show one run with its steps",
  examples: [{ command: "privx-kit runs show 1f0c" }],
  exitCodes: [...exitCodes, "runNotFound"],
  settings,
  load: () => import("./RunsShow.ts").then(({ run }) => run)
})

const watch = lazyCommand("watch", {
  parameters: { ...one, json: FlagKinds.toggle("json", "Print one line of JSON for each change (NDJSON)") },
  description:
    "Follow a run that another process executes, until it ends. The exit code is that of the run. Ctrl-C stops the command, not the run.",
  shortDescription: "Follow a run until it ends",
  examples: [{ command: "privx-kit runs watch 1f0c" }],
  exitCodes: [...exitCodes, ...exitsOf.signals, "runNotFound", "verification", "rejected", "cancelled", "hostsFailed"],
  settings,
  load: () => import("./RunsWatch.ts").then(({ run }) => run)
})

/** The comment of a decision or of a cancellation. */
const comment = (description: string) => FlagKinds.text("comment", "TEXT", description).pipe(Flag.withAlias("m"))

const cancel = lazyCommand("cancel", {
  parameters: { ...one, comment: comment("Reason, stored with the cancellation") },
  description:
    "Cancel a run. The process that executes the run is asked to stop it; if no process does, the run is cancelled at once. A cancelled run can be retried.",
  shortDescription: "Cancel a run",
  examples: [
    { command: "privx-kit runs cancel 1f0c" },
    { command: 'privx-kit runs cancel 1f0c --comment "wrong PrivX host"' }
  ],
  exitCodes: [...exitCodes, "runNotFound", "conflict"],
  settings,
  load: () => import("./RunsCancel.ts").then(({ run }) => run)
})

const retry = lazyCommand("retry", {
  parameters: {
    runId: FlagKinds.run,
    ...ConnectionFlags.flags,
    server: ServerFlags.server,
    wait: Flag.Boolean("wait").pipe(
      Flag.withDescription("Wait for an approval (default), or return with exit code 18"),
      Flag.withDefault(true)
    ),
    json: FlagKinds.json
  },
  description:
    "Execute a failed or cancelled run again, with the same inputs, as the next attempt of the run. The record keeps the earlier attempts. With --server, the server executes the run and this command follows it.",
  shortDescription: "Execute a failed run again",
  examples: [{ command: "privx-kit runs retry 1f0c" }],
  exitCodes: [
    ...exitCodes,
    ...exitsOf.signals,
    "runNotFound",
    "conflict",
    "verification",
    "approval",
    "rejected",
    "cancelled",
    "hostsFailed",
    "hostsWaiting"
  ],
  settings: { privx: true, own: ["config", ...variablesOf.server] },
  load: () => import("./RunsRetry.ts").then(({ run }) => run),
  loadRemote: () => import("./RunsRemote.ts").then(({ retry }) => retry)
})

const decision = {
  runId: FlagKinds.run,
  sha256: FlagKinds.required(
    "sha256",
    "HEX",
    "SHA-256 of the script that you reviewed. Without it, approve shows the script and asks"
  ).pipe(
    Flag.filterMap(
      (text) => (/^[0-9a-fA-F]{64}$/.test(text) ? Option.some(text.toLowerCase()) : Option.none()),
      () => "the 64 hexadecimal digits of a SHA-256"
    ),
    Flag.optional
  ),
  comment: comment("Reason, stored with the decision"),
  ...ServerFlags.flags,
  json: FlagKinds.json
}

const decisionExits = [...exitCodes, "runNotFound", "conflict", "artifactNotFound"] as const

const approve = lazyCommand("approve", {
  parameters: decision,
  description:
    "Approve the script of a run that waits for approval. The script is delivered, and later scripts of the PrivX host are compared with it. If the run has already succeeded because it required no approval, its script becomes the approved one.\n\n" +
    "At a terminal, the command shows what has changed and asks. In a script, --sha256 names the script that was reviewed. If the run has another script by then, nothing is approved (exit code 21).",
  shortDescription: "Approve the script of a waiting run",
  examples: [
    { command: "privx-kit artifacts diff 1f0c", description: "See what has changed" },
    { command: 'privx-kit runs approve 1f0c --comment "PrivX 43 upgrade, CHG-1207"' },
    { command: "privx-kit runs approve 1f0c --sha256 HEX --json", description: "In a script" }
  ],
  exitCodes: decisionExits,
  settings,
  load: (input) =>
    import("./RunsDecide.ts").then(
      ({ run }) =>
        () =>
          run({ ...input, approved: true })
    )
})

const reject = lazyCommand("reject", {
  parameters: decision,
  description: "Reject the script of a run that waits for approval. The run fails, and nothing is delivered.",
  shortDescription: "Reject the script of a waiting run",
  examples: [{ command: 'privx-kit runs reject 1f0c --comment "unknown address"' }],
  exitCodes: decisionExits,
  settings,
  load: (input) =>
    import("./RunsDecide.ts").then(
      ({ run }) =>
        () =>
          run({ ...input, approved: false })
    )
})

const prune = lazyCommand("prune", {
  parameters: {
    keep: FlagKinds.count("keep", "Keep the latest N ended runs").pipe(Flag.optional),
    olderThan: FlagKinds.age("older-than", "Remove runs that ended longer ago: 12h, 30d, 52w"),
    dryRun: FlagKinds.toggle("dry-run", "Only show what would be removed"),
    ...ServerFlags.flags,
    json: FlagKinds.json
  },
  description:
    "Remove ended runs from the record and from the journal of the engine. Artifacts, manifests and approvals stay. Without this command, the latest 10,000 runs are kept, or the number that PRIVX_KIT_KEEP_RUNS sets.",
  shortDescription: "Remove ended runs",
  examples: [{ command: "privx-kit runs prune --older-than 90d --dry-run" }],
  exitCodes,
  settings,
  load: () => import("./RunsPrune.ts").then(({ run }) => run)
})

const reindex = lazyCommand("reindex", {
  parameters: {
    key: FlagKinds.text("key", "PEM", "Public key of attestations that the data directory's own key did not sign"),
    json: FlagKinds.json
  },
  description:
    "Rebuild the record of runs from the manifests of the data directory, after its database was lost. Each manifest that its attestation vouches for becomes a succeeded run again, and approvals and baselines come back. Failed and unfinished runs, and runs of fleets, have no manifest and stay lost. Runs that are on record are not touched. No other process may use the data directory meanwhile.",
  shortDescription: "Rebuild the record of runs from the manifests",
  examples: [{ command: "privx-kit runs reindex" }],
  exitCodes: ["settings", "mismatch", ...exitsOf.dataDirectory],
  settings: { own: variablesOf.dataDirectory },
  localOnly: "runs reindex",
  load: () => import("./RunsReindex.ts").then(({ run }) => run)
})

export const runs = Command.make("runs").pipe(
  Command.withDescription(
    "List, follow, cancel, retry and approve the runs of this data directory or, with --server, of a server."
  ),
  Command.withShortDescription("List, follow, cancel, retry and approve runs"),
  Command.withSubcommands([list, show, watch, cancel, retry, approve, reject, prune, reindex])
)
