/** `privx-kit artifacts …`: what can be given, and what it means. The work is in the modules loaded on demand. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { diff } from "./ArtifactsDiffCommand.ts"
import * as DurationText from "./DurationText.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"
import * as ModeText from "./ModeText.ts"
import * as ServerFlags from "./ServerFlags.ts"

const json = Flag.Boolean("json").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Print one JSON document instead of text"),
  Flag.withDefault(false)
)

const sha256 = Argument.String("SHA256").pipe(
  Argument.withDescription("SHA-256 of the artifact, or how it begins (at least 4 digits)"),
  Argument.filter(
    (text) => /^[0-9a-fA-F]{4,64}$/.test(text),
    () => "4 to 64 hexadecimal digits"
  )
)

const sections = Command.annotate(HelpSections.HelpSections, [HelpSections.environment, HelpSections.exitCodes])

const list = Command.make(
  "list",
  { json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { list } = yield* Effect.promise(() => import("./Artifacts.ts"))
    yield* list({ ...globals, ...input })
  })
).pipe(
  Command.withDescription("List the stored scripts, the latest first, with the runs that downloaded them."),
  sections
)

const show = Command.make(
  "show",
  { sha256, ...ServerFlags.flags, json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    if (ServerFlags.isMeant(server)) {
      const { run } = yield* Effect.promise(() => import("./ArtifactsShowRemote.ts"))
      return yield* run({ ...globals, ...input, ...server })
    }
    const { show } = yield* Effect.promise(() => import("./Artifacts.ts"))
    yield* show({ ...globals, ...input })
  })
).pipe(
  Command.withDescription("Show what is known of a stored script: file, size, runs, and whether it is still intact."),
  sections
)

const exportTo = Command.make(
  "export",
  {
    sha256,
    path: Argument.String("PATH").pipe(Argument.withDescription("File to write, or a folder for it")),
    mode: Flag.String("mode").pipe(
      Flag.withMetavar("MODE"),
      Flag.withDescription("Permissions of the file (default 0600)"),
      Flag.filterMap(ModeText.parse, () => ModeText.expected),
      Flag.optional
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Replace a file that is there"),
      Flag.withDefault(false)
    ),
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { exportTo } = yield* Effect.promise(() => import("./Artifacts.ts"))
    yield* exportTo({ ...globals, ...input, mode: Option.getOrUndefined(input.mode) })
  })
).pipe(Command.withDescription("Copy a stored script to a file, after comparing its hash."), sections)

const prune = Command.make(
  "prune",
  {
    keep: Flag.Int("keep").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Keep the latest N"),
      Flag.filter(
        (count) => count >= 0,
        () => "a number, 0 or more"
      ),
      Flag.optional
    ),
    olderThan: Flag.String("older-than").pipe(
      Flag.withMetavar("TIME"),
      Flag.withDescription("Remove only what was stored longer ago, e.g. 12h, 90d"),
      Flag.filterMap(DurationText.parseLong, () => "a time like 12h or 90d"),
      Flag.optional
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Only say what would be removed"),
      Flag.withDefault(false)
    ),
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { prune } = yield* Effect.promise(() => import("./ArtifactsCare.ts"))
    yield* prune({
      ...globals,
      ...input,
      keep: Option.getOrUndefined(input.keep),
      olderThan: Option.getOrUndefined(input.olderThan)
    })
  })
).pipe(
  Command.withDescription(
    "Remove stored scripts that nobody needs any more. At least one of --keep and --older-than says which.\n\n" +
      "Scripts of runs that are not over and approved scripts stay in any case, and so do all manifests and attestations. " +
      "It needs the data folder for itself."
  ),
  Command.withShortDescription("Remove stored scripts that nobody needs any more"),
  Command.withExamples([
    { command: "privx-kit artifacts prune --older-than 90d --keep 10 --dry-run" },
    { command: "privx-kit artifacts prune --keep 20" }
  ]),
  sections
)

const fsck = Command.make(
  "fsck",
  { json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { fsck } = yield* Effect.promise(() => import("./ArtifactsCare.ts"))
    yield* fsck({ ...globals, ...input })
  })
).pipe(
  Command.withDescription(
    "Read every stored script through and compare its hash with the one under which it was stored.\n\n" +
      "What has changed is moved to artifacts/quarantine in the data folder; that needs the folder for itself, looking does " +
      "not. Files that others could get at are closed again. The exit code is not 0 when anything was wrong."
  ),
  Command.withShortDescription("Hash every stored script again, and quarantine what has changed"),
  sections
)

export const artifacts = Command.make("artifacts").pipe(
  Command.withDescription("The scripts that were downloaded, kept in the data folder under their SHA-256."),
  Command.withShortDescription("Look at, export, check and prune the stored scripts"),
  Command.withSubcommands([list, show, diff, exportTo, prune, fsck])
)
