/** `privx-kit fleet …`: what can be given, and what it means. The work is in the modules loaded on demand. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"
import * as ServerFlags from "./ServerFlags.ts"

const file = Argument.String("FILE").pipe(Argument.withDescription("Fleet file, YAML or JSON"))

const selection = {
  only: Flag.String("only").pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription("Only hosts of that name, * for anything; can be repeated"),
    Flag.atLeast(0)
  ),
  label: Flag.String("label").pipe(
    Flag.withMetavar("NAME=VALUE"),
    Flag.withDescription("Only hosts with that label; all of them where it is repeated"),
    Flag.filter(
      (text) => /^[^=]+=/.test(text),
      () => "NAME=VALUE"
    ),
    Flag.atLeast(0)
  )
}

const all = Flag.Boolean("all").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Show each host of a large fleet, also where all is well"),
  Flag.withDefault(false)
)

const json = Flag.Boolean("json").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Print one JSON document instead of text"),
  Flag.withDefault(false)
)

const sections = Command.annotate(HelpSections.HelpSections, [HelpSections.environment, HelpSections.exitCodes])

const apply = Command.make(
  "apply",
  {
    file,
    ...selection,
    plan: Flag.Boolean("plan").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Only say what would be done, host by host; nothing is sent"),
      Flag.withDefault(false)
    ),
    all,
    ...ServerFlags.flags,
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    if (ServerFlags.isMeant(server)) {
      const remote = yield* Effect.promise(() => import("./FleetRemote.ts"))
      return yield* (input.plan ? remote.plan : remote.apply)({ ...globals, ...input, ...server })
    }
    const { run } = yield* Effect.promise(() => (input.plan ? import("./FleetPlan.ts") : import("./FleetApply.ts")))
    yield* run({ ...globals, ...input })
  })
).pipe(
  Command.withDescription(
    "Set up every host of a fleet: create a session, download the set-up script, verify it, keep it with a manifest.\n\n" +
      "The fleet is one durable run, and each host a run of its own. Whatever stops it, the same command continues it with " +
      "the hosts that are left. Hosts that fail do not keep the others; hosts that wait for approval do not either, and go " +
      "on by themselves once they are approved.\n\n" +
      "With --server the fleet is handed over and goes on there, also when this command does not. Credentials are looked " +
      "for where the work is done, and scripts are brought to the output folders of the file on this machine."
  ),
  Command.withShortDescription("Set up every host of a fleet"),
  Command.withExamples([
    { command: "privx-kit fleet apply fleet.yaml --plan", description: "What would be done" },
    { command: "privx-kit fleet apply fleet.yaml" },
    { command: "privx-kit fleet apply fleet.yaml --only 'hel-*' --label stage=test --json" },
    { command: "privx-kit fleet apply fleet.yaml --server https://kit.example.com:7443", description: "On a server" }
  ]),
  sections
)

const show = Command.make(
  "show",
  {
    run: Argument.String("RUN").pipe(Argument.withDescription("Id of the fleet run, or its beginning")),
    file: Flag.String("file").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Fleet file: scripts at a server are brought to where it says"),
      Flag.optional
    ),
    all,
    ...ServerFlags.flags,
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    const wanted = { runId: input.run, file: Option.getOrUndefined(input.file), all: input.all, json: input.json }
    if (ServerFlags.isMeant(server)) {
      const remote = yield* Effect.promise(() => import("./FleetRemote.ts"))
      return yield* remote.show({ ...globals, ...server, ...wanted })
    }
    const { run } = yield* Effect.promise(() => import("./FleetShow.ts"))
    yield* run({ ...globals, ...wanted })
  })
).pipe(
  Command.withDescription(
    "Show what a fleet run has come to, host by host. Another process, or a server, may be at work on it."
  ),
  Command.withShortDescription("Show the hosts of a fleet run"),
  Command.withExamples([
    { command: "privx-kit fleet show 1f0c --all" },
    {
      command: "privx-kit fleet show 1f0c --server https://kit.example.com:7443 --file fleet.yaml",
      description: "Bring the scripts here"
    }
  ]),
  sections
)

const retry = Command.make(
  "retry",
  {
    run: Argument.String("RUN").pipe(Argument.withDescription("Id of the fleet run, or its beginning")),
    file: Flag.String("file").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "Fleet file with the way to the hosts (default: the one that the run was begun with); of a server, where scripts go"
      ),
      Flag.optional
    ),
    all,
    ...ServerFlags.flags,
    json
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    const wanted = { runId: input.run, file: Option.getOrUndefined(input.file), all: input.all, json: input.json }
    if (ServerFlags.isMeant(server)) {
      const remote = yield* Effect.promise(() => import("./FleetRemote.ts"))
      return yield* remote.retry({ ...globals, ...server, ...wanted })
    }
    const { run } = yield* Effect.promise(() => import("./FleetRetry.ts"))
    yield* run({ ...globals, ...wanted })
  })
).pipe(
  Command.withDescription(
    "Set up the hosts of a fleet run that failed or were cancelled again, with the inputs that it was begun with: another " +
      "attempt of the same run. Hosts that are done are left alone."
  ),
  Command.withShortDescription("Set up the failed hosts of a fleet run again"),
  Command.withExamples([{ command: "privx-kit fleet retry 1f0c" }]),
  sections
)

const status = Command.make(
  "status",
  { file, ...selection, all, ...ServerFlags.flags, json },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    if (ServerFlags.isMeant(server)) {
      const remote = yield* Effect.promise(() => import("./FleetRemote.ts"))
      return yield* remote.status({ ...globals, ...input, ...server })
    }
    const { run } = yield* Effect.promise(() => import("./FleetStatus.ts"))
    yield* run({ ...globals, ...input })
  })
).pipe(
  Command.withDescription(
    "Say how the hosts of a fleet stand, from the record alone: nothing is sent. A host has drifted when its script is not " +
      "the approved one, its last run failed or waits for approval, its last good run is older than max_age of the file, or " +
      "there is none. The exit code says whether one has."
  ),
  Command.withShortDescription("Say which hosts have drifted"),
  Command.withExamples([{ command: "privx-kit fleet status fleet.yaml --json" }]),
  sections
)

const watch = Command.make(
  "watch",
  {
    file,
    ...selection,
    rounds: Flag.Int("rounds").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("End after so many rounds, with an exit code that says whether hosts have drifted"),
      Flag.filter(
        (count) => count > 0,
        () => "a number above 0"
      ),
      Flag.optional
    ),
    all,
    ...ServerFlags.flags,
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one line of JSON for each round (NDJSON)"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    const wanted = { ...globals, ...input, ...server, rounds: Option.getOrUndefined(input.rounds) }
    if (ServerFlags.isMeant(server)) {
      const { run } = yield* Effect.promise(() => import("./FleetWatchRemote.ts"))
      return yield* run(wanted)
    }
    const { run } = yield* Effect.promise(() => import("./FleetWatch.ts"))
    yield* run(wanted)
  })
).pipe(
  Command.withDescription(
    "Apply a fleet at each time of its schedule, until Ctrl-C or SIGTERM, and say after each round which hosts have " +
      "drifted. The file is read again before each round. Between the rounds, hosts that are approved are gone on with at once."
  ),
  Command.withShortDescription("Apply a fleet on its schedule, and report drift"),
  Command.withExamples([{ command: "privx-kit fleet watch fleet.yaml" }]),
  sections
)

export const fleet = Command.make("fleet").pipe(
  Command.withDescription("Many PrivX hosts at once, from one file."),
  Command.withShortDescription("Set up many PrivX hosts, once or on a schedule"),
  Command.withSubcommands([apply, status, watch, show, retry])
)
