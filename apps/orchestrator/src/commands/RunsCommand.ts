/** `privx-kit runs …`: what can be given, and what it means. The work is in the modules loaded on demand. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"
import * as ServerFlags from "./ServerFlags.ts"
import * as TimeText from "./TimeText.ts"

const json = Flag.Boolean("json").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Print one JSON document instead of text"),
  Flag.withDefault(false)
)

const runArgument = Argument.String("RUN").pipe(Argument.withDescription("Id of the run, or its beginning"))

const list = Command.make(
  "list",
  {
    status: Flag.Literals("status", [
      "queued",
      "running",
      "waiting",
      "interrupted",
      "succeeded",
      "failed",
      "cancelled"
    ]).pipe(Flag.withDescription("Only runs in this state; can be repeated"), Flag.atLeast(0)),
    target: Flag.String("target").pipe(
      Flag.withMetavar("URL"),
      Flag.withDescription("Only runs of this PrivX"),
      Flag.optional
    ),
    since: Flag.String("since").pipe(
      Flag.withMetavar("TIME"),
      Flag.withDescription("Only runs begun since then: 2h, 7d, or 2026-01-31"),
      Flag.filterMap(TimeText.moment, () => "a time like 2h or 7d, or a date"),
      Flag.optional
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("At most so many, the latest (default 50)"),
      Flag.filter(
        (count) => count > 0,
        () => "a number above 0"
      ),
      Flag.withDefault(50)
    ),
    ...ServerFlags.flags,
    parts: Flag.Boolean("parts").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Each host of fleet runs too; they are listed where --status or --target asks for them"),
      Flag.withDefault(false)
    ),
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsList.ts"))
    yield* run({
      ...globals,
      ...ServerFlags.values(input, globals),
      status: input.status,
      target: Option.getOrUndefined(input.target),
      since: Option.getOrUndefined(input.since),
      limit: input.limit,
      parts: input.parts,
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "List the runs of the data folder, or of a server, the latest first. Another process may be at work in the folder."
  ),
  Command.withShortDescription("List runs"),
  Command.withExamples([
    { command: "privx-kit runs list" },
    { command: "privx-kit runs list --status failed --since 7d --json", description: "For a script" }
  ])
)

const show = Command.make(
  "show",
  { run: runArgument, ...ServerFlags.flags, json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsShow.ts"))
    yield* run({ ...globals, ...ServerFlags.values(input, globals), runId: input.run, json: input.json })
  })
).pipe(
  Command.withDescription(
    "Show a run: its steps with times, attempts, bytes and failures, its script, earlier attempts."
  ),
  Command.withShortDescription("Show a run and its steps"),
  Command.withExamples([{ command: "privx-kit runs show 1f0c" }])
)

const watch = Command.make(
  "watch",
  {
    run: runArgument,
    ...ServerFlags.flags,
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one line of JSON for each change (NDJSON)"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsWatch.ts"))
    yield* run({ ...globals, ...ServerFlags.values(input, globals), runId: input.run, json: input.json })
  })
).pipe(
  Command.withDescription(
    "Follow a run that another process carries out, until it is over. The exit code is that of the run's end."
  ),
  Command.withShortDescription("Follow a run until it is over"),
  Command.withExamples([{ command: "privx-kit runs watch 1f0c --json", description: "One document a line" }])
)

const cancel = Command.make(
  "cancel",
  { run: runArgument, ...ServerFlags.flags, json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsCancel.ts"))
    yield* run({ ...globals, ...ServerFlags.values(input, globals), runId: input.run, json: input.json })
  })
).pipe(
  Command.withDescription(
    "Cancel a run that is not over, whether a process carries it out or not. The script that is being delivered still is."
  ),
  Command.withShortDescription("Cancel a run"),
  Command.withExamples([{ command: "privx-kit runs cancel 1f0c" }])
)

const retry = Command.make(
  "retry",
  {
    run: runArgument,
    ...ConnectionFlags.flags,
    server: ServerFlags.server,
    wait: Flag.Boolean("wait").pipe(
      Flag.withDescription("Wait where the run waits for approval (default), or return with an exit code of its own"),
      Flag.withDefault(true)
    ),
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    if (ServerFlags.isMeant(server)) {
      const { retry } = yield* Effect.promise(() => import("./RunsRemote.ts"))
      return yield* retry({ ...globals, ...server, runId: input.run, wait: input.wait, json: input.json })
    }
    const { run } = yield* Effect.promise(() => import("./RunsRetry.ts"))
    yield* run({
      ...ConnectionFlags.values(input, globals),
      ...globals,
      runId: input.run,
      wait: input.wait,
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Carry out a run that failed or was cancelled again, with its inputs: another attempt of the same run. What the earlier " +
      "ones came to is kept. With --server, it is carried out there, and followed."
  ),
  Command.withShortDescription("Carry out a failed run again"),
  Command.withExamples([{ command: "privx-kit runs retry 1f0c" }]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.settings, HelpSections.environment, HelpSections.exitCodes])
)

const comment = Flag.String("comment").pipe(
  Flag.withAlias("m"),
  Flag.withMetavar("TEXT"),
  Flag.withDescription("Why; is kept with the decision"),
  Flag.optional
)

const approve = Command.make(
  "approve",
  { run: runArgument, comment, ...ServerFlags.flags, json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsDecide.ts"))
    yield* run({
      ...globals,
      ...ServerFlags.values(input, globals),
      runId: input.run,
      approved: true,
      comment: Option.getOrUndefined(input.comment),
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Approve the script of a run that waits for it: it is delivered, and later scripts of this PrivX are compared with it. " +
      "Of a run that has succeeded without being asked, the script becomes the approved one."
  ),
  Command.withShortDescription("Approve the script of a waiting run"),
  Command.withExamples([
    { command: "privx-kit artifacts diff 1f0c", description: "What has changed" },
    { command: 'privx-kit runs approve 1f0c --comment "PrivX 43 upgrade, CHG-1207"' }
  ])
)

const reject = Command.make(
  "reject",
  { run: runArgument, comment, ...ServerFlags.flags, json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsDecide.ts"))
    yield* run({
      ...globals,
      ...ServerFlags.values(input, globals),
      runId: input.run,
      approved: false,
      comment: Option.getOrUndefined(input.comment),
      json: input.json
    })
  })
).pipe(
  Command.withDescription("Reject the script of a run that waits for approval: the run fails, nothing is delivered."),
  Command.withShortDescription("Reject the script of a waiting run"),
  Command.withExamples([{ command: 'privx-kit runs reject 1f0c --comment "unknown address"' }])
)

const prune = Command.make(
  "prune",
  {
    keep: Flag.Int("keep").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Keep the latest N of those that are over"),
      Flag.filter(
        (count) => count >= 0,
        () => "a number, 0 or above"
      ),
      Flag.optional
    ),
    olderThan: Flag.String("older-than").pipe(
      Flag.withMetavar("TIME"),
      Flag.withDescription("Remove those that ended longer ago: 12h, 30d, 52w"),
      Flag.filterMap(TimeText.span, () => "a time like 12h, 30d or 52w"),
      Flag.optional
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Only say what would be removed"),
      Flag.withDefault(false)
    ),
    ...ServerFlags.flags,
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./RunsPrune.ts"))
    yield* run({
      ...globals,
      ...ServerFlags.values(input, globals),
      keep: Option.getOrUndefined(input.keep),
      olderThan: Option.getOrUndefined(input.olderThan),
      dryRun: input.dryRun,
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Remove runs that are over from the record and from the engine's journal. Artifacts, manifests and approvals stay. " +
      "Without it, the latest 10 000 are kept, or what PRIVX_KIT_KEEP_RUNS says."
  ),
  Command.withShortDescription("Remove runs that are over"),
  Command.withExamples([{ command: "privx-kit runs prune --older-than 90d --dry-run" }])
)

export const runs = Command.make("runs").pipe(
  Command.withDescription(
    "What was done, is being done and waits to be done, in this data folder or, with --server, on a server."
  ),
  Command.withShortDescription("List, follow, cancel, retry and approve runs"),
  Command.withSubcommands([list, show, watch, cancel, retry, approve, reject, prune])
)
