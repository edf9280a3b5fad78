/** The flags and help of `privx-kit artifacts …`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf, variablesOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

const json = FlagKinds.json

const sha256 = FlagKinds.argument(
  "SHA256",
  "SHA-256 of the artifact, or a unique prefix of it (at least 4 digits)"
).pipe(
  Argument.filter(
    (text) => /^[0-9a-fA-F]{4,64}$/.test(text),
    () => "4 to 64 hexadecimal digits"
  )
)

const settings = { own: variablesOf.dataDirectory }

const list = lazyCommand("list", {
  parameters: {
    ids: FlagKinds.toggle("ids", "Print only the SHA-256 of each script, one on a line"),
    output: FlagKinds.output,
    json
  },
  description: "List the stored scripts, the latest first, with the runs that downloaded them.",
  shortDescription: "List the stored scripts",
  examples: [{ command: "privx-kit artifacts list" }],
  exitCodes: ["settings", "storage"],
  settings,
  localOnly: "artifacts list",
  load: () => import("./Artifacts.ts").then(({ list }) => list)
})

const show = lazyCommand("show", {
  parameters: { sha256, ...ServerFlags.flags, json },
  description: "Show a stored script: file, size, runs, and whether it is intact.",
  shortDescription: "Show a stored script",
  examples: [{ command: "privx-kit artifacts show 9f86d081" }],
  exitCodes: [...exitsOf.network, "storage", "mismatch", "artifactNotFound"],
  settings: { own: variablesOf.server },
  load: () => import("./Artifacts.ts").then(({ show }) => show),
  loadRemote: () => import("./ArtifactsShowRemote.ts").then(({ run }) => run)
})

const diff = lazyCommand("diff", {
  parameters: {
    script: FlagKinds.argument("RUN|SHA256", "A run, or the digest of a script; the beginning is enough"),
    other: FlagKinds.argument(
      "SHA256",
      "A script to compare with; without it, the approved script of the PrivX host, or its baseline"
    ).pipe(Argument.optional),
    context: FlagKinds.count("context", "Lines around each change (default 3)").pipe(
      Flag.withAlias("U"),
      Flag.withDefault(3)
    ),
    ...ServerFlags.flags,
    json
  },
  description:
    "Show the changes of a script since the approved one of the PrivX host or its baseline, or between two scripts, as a unified diff. Control characters are shown as text and have no effect on the terminal.",
  shortDescription: "Show what has changed in a script",
  examples: [
    { command: "privx-kit artifacts diff 1f0c", description: "The script of a run that waits for approval" },
    { command: "privx-kit artifacts diff 9f86d081 5e884898", description: "From the second to the first" }
  ],
  exitCodes: [...exitsOf.network, "storage", "runNotFound", "conflict", "artifactNotFound"],
  settings: { own: variablesOf.server },
  load: () => import("./ArtifactsDiff.ts").then(({ run }) => run),
  loadRemote: () => import("./ArtifactsDiffRemote.ts").then(({ run }) => run)
})

const exportTo = lazyCommand("export", {
  parameters: {
    sha256,
    path: FlagKinds.argument("PATH", "File to write, or a directory for it"),
    mode: FlagKinds.mode("Permissions of the file (default 0600)"),
    force: FlagKinds.toggle("force", "Replace an existing file"),
    json
  },
  description: "Copy a stored script to a file, after its hash was checked.",
  shortDescription: "Copy a stored script to a file",
  examples: [{ command: "privx-kit artifacts export 9f86d081 setup.sh" }],
  exitCodes: ["settings", "storage", "artifactNotFound"],
  settings,
  localOnly: "artifacts export",
  load: () => import("./Artifacts.ts").then(({ exportTo }) => exportTo)
})

const prune = lazyCommand("prune", {
  parameters: {
    keep: FlagKinds.count("keep", "Keep the latest N").pipe(Flag.optional),
    olderThan: FlagKinds.age("older-than", "Remove only scripts that were stored longer ago: 12h, 90d"),
    dryRun: FlagKinds.toggle("dry-run", "Only show what would be removed"),
    json
  },
  description:
    "Remove stored scripts that are no longer needed. Say which with --keep, --older-than or both.\n\n" +
    "Scripts of unfinished runs, baselines and approved scripts always stay, and so do all manifests and attestations. No other process may use the data directory meanwhile.",
  shortDescription: "Remove stored scripts that are no longer needed",
  examples: [
    { command: "privx-kit artifacts prune --older-than 90d --keep 10 --dry-run" },
    { command: "privx-kit artifacts prune --keep 20" }
  ],
  exitCodes: ["settings", ...exitsOf.dataDirectory],
  settings,
  localOnly: "artifacts prune",
  load: () => import("./ArtifactsCare.ts").then(({ prune }) => prune)
})

const fsck = lazyCommand("fsck", {
  parameters: { json },
  description:
    "Read every stored script and compare its hash with the one under which it was stored.\n\n" +
    "A changed script is moved to artifacts/quarantine in the data directory; only for that, no other process may use the data directory. Files that other users could read or write are made private again. A script that cannot be read is left where it is (exit code 14). If anything else was wrong, the exit code is 22.",
  shortDescription: "Hash every stored script again, and quarantine changed ones",
  examples: [{ command: "privx-kit artifacts fsck" }],
  exitCodes: ["settings", ...exitsOf.dataDirectory, "mismatch"],
  settings,
  localOnly: "artifacts fsck",
  load: () => import("./ArtifactsCare.ts").then(({ fsck }) => fsck)
})

export const artifacts = Command.make("artifacts").pipe(
  Command.withDescription(
    "Inspect, export, check and prune the downloaded scripts. The data directory stores them under their SHA-256."
  ),
  Command.withShortDescription("Inspect, export, check and prune stored scripts"),
  Command.withSubcommands([list, show, diff, exportTo, prune, fsck])
)
