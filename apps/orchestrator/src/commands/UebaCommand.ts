/** `privx-kit ueba …`: what can be given, and what it means. The work is in the modules loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HandOverFlags from "./HandOverFlags.ts"
import * as HelpSections from "./HelpSections.ts"
import * as ServerFlags from "./ServerFlags.ts"

const setup = Command.make(
  "setup",
  {
    ...ConnectionFlags.flags,
    server: ServerFlags.server,
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("DIR"),
      Flag.withDescription("Folder for the script and its manifest; without it they stay in the data folder"),
      Flag.optional
    ),
    sha256: Flag.String("sha256").pipe(
      Flag.withMetavar("HEX"),
      Flag.withDescription("SHA-256 that the script must have, 64 hexadecimal digits"),
      Flag.filter(
        (text) => /^[0-9a-fA-F]{64}$/.test(text),
        () => "64 hexadecimal digits"
      ),
      Flag.optional
    ),
    maxBytes: Flag.Int("max-bytes").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("The largest script to accept, in bytes (default 4 MiB)"),
      Flag.filter(
        (count) => count > 0,
        () => "a number above 0"
      ),
      Flag.optional
    ),
    policy: Flag.String("policy").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "What the script is held to, in TOML or JSON: checks, known digests, signature, configuration"
      ),
      Flag.optional
    ),
    runId: Flag.String("run").pipe(
      Flag.withMetavar("ID"),
      Flag.withDescription("Continue this run; when it is over, show its result again"),
      Flag.optional
    ),
    fresh: Flag.Boolean("new").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Begin a new run even where an unfinished one with the same inputs exists"),
      Flag.withDefault(false)
    ),
    idempotencyKey: Flag.String("idempotency-key").pipe(
      Flag.withMetavar("KEY"),
      Flag.withDescription("Name the run: the same key means the same run again, over or not"),
      Flag.filter(
        (text) => text.length > 0 && text.length <= 200,
        () => "1 to 200 characters"
      ),
      Flag.optional
    ),
    requireApproval: Flag.Literals("require-approval", ["always", "changed", "never"]).pipe(
      Flag.withDescription(
        "Wait for runs approve: always, when the script has changed since it was approved, or never"
      ),
      Flag.withDefault("never")
    ),
    wait: Flag.Boolean("wait").pipe(
      Flag.withDescription("Wait where the run waits for approval (default), or return with an exit code of its own"),
      Flag.withDefault(true)
    ),
    authorizeDownload: Flag.Boolean("authorize-download").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Send the token with the download too; the API reference asks for none there"),
      Flag.withDefault(false)
    ),
    ...HandOverFlags.flags,
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document instead of text"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    const wanted = {
      ...ConnectionFlags.values(input, globals),
      ...globals,
      output: Option.getOrUndefined(input.output),
      sha256: Option.getOrUndefined(input.sha256),
      maxBytes: Option.getOrUndefined(input.maxBytes),
      policy: Option.getOrUndefined(input.policy),
      runId: Option.getOrUndefined(input.runId),
      fresh: input.fresh,
      idempotencyKey: Option.getOrUndefined(input.idempotencyKey),
      requireApproval: input.requireApproval,
      wait: input.wait,
      authorizeDownload: input.authorizeDownload,
      ...HandOverFlags.values(input),
      json: input.json
    }
    if (ServerFlags.isMeant(server)) {
      const { run } = yield* Effect.promise(() => import("./UebaSetupRemote.ts"))
      return yield* run({ ...wanted, ...server })
    }
    const { run } = yield* Effect.promise(() => import("./UebaSetup.ts"))
    yield* run(wanted)
  })
).pipe(
  Command.withDescription(
    "Create a UEBA set-up session, download the set-up script, verify it, and keep it with a manifest.\n\n" +
      "The job is a durable run: whatever stops it, Ctrl-C or a power cut, the same command (or --run ID) continues it, and " +
      "nothing half-written is ever seen under its final name. Progress goes to standard error, the result to standard " +
      "output.\n\n" +
      "The script is stored, and nothing runs it unless --execute says so: then, after you have confirmed it, the verified " +
      "bytes are run on this machine as you, once; what they print is logged."
  ),
  Command.withShortDescription("Create a session, download the set-up script, verify it"),
  Command.withExamples([
    { command: "privx-kit ueba setup --base-url https://privx.example.com --output ./ueba" },
    {
      command: "privx-kit ueba setup --sha256 9f86d081…0a08 --json > result.json",
      description: "Pinned, for a script"
    },
    { command: "privx-kit ueba setup --run 1f0c…", description: "Continue an interrupted run" },
    { command: "privx-kit ueba setup --stdout | less", description: "Read it before anything else" },
    { command: "privx-kit ueba setup --execute --execute-timeout 15m", description: "Run it here, after asking" }
  ]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.settings, HelpSections.environment, HelpSections.exitCodes])
)

export const ueba = Command.make("ueba").pipe(
  Command.withDescription("UEBA: user and entity behaviour analytics."),
  Command.withShortDescription("Set up UEBA (user and entity behaviour analytics)"),
  Command.withSubcommands([setup])
)
