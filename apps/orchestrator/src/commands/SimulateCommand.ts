/** `privx-kit simulate`: what can be given, and what it means. The work is in the module loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

export const simulate = Command.make(
  "simulate",
  {
    port: Flag.Int("port").pipe(
      Flag.withAlias("p"),
      Flag.withMetavar("N"),
      Flag.withDescription("Port to listen on (default: any free one)"),
      Flag.filter(
        (port) => port >= 0 && port <= 65535,
        () => "a port from 0 to 65535"
      ),
      Flag.withDefault(0)
    ),
    tls: Flag.Boolean("tls").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Serve HTTPS, with a CA and a certificate made for this run"),
      Flag.withDefault(false)
    ),
    caFile: Flag.String("ca-out").pipe(
      Flag.withMetavar("PEM"),
      Flag.withDescription("Where to write the CA certificate (default: a temporary file)"),
      Flag.optional
    ),
    faults: Flag.String("fault").pipe(
      Flag.withMetavar("SPEC"),
      Flag.withDescription("What goes wrong: OPERATION:ACTION[*TIMES][%PERCENT][+SKIP][,NAME=VALUE…]; can be repeated"),
      Flag.atLeast(0)
    ),
    scriptBytes: Flag.Int("script-bytes").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Size of the set-up script, to try large downloads"),
      Flag.filter(
        (count) => count > 0,
        () => "a number above 0"
      ),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document when it is up; requests go to standard error"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./Simulate.ts"))
    yield* run({
      ...input,
      ...globals,
      caFile: Option.getOrUndefined(input.caFile),
      scriptBytes: Option.getOrUndefined(input.scriptBytes)
    })
  })
).pipe(
  Command.withDescription(
    "Run a PrivX to try things against, until Ctrl-C.\n\n" +
      "It speaks the same wire as a real one, over HTTP or HTTPS, and goes wrong on request. Its credentials are made up for " +
      "this run and worth nothing elsewhere, which is why they are printed."
  ),
  Command.withShortDescription("Run a PrivX to try things against"),
  Command.withExamples([
    { command: "privx-kit simulate --tls" },
    {
      command: "privx-kit simulate --tls --fault createSession:503/MAX_LOAD*2",
      description: "The first two sessions are refused for the load"
    },
    {
      command: "privx-kit simulate --fault downloadSetupScript:truncate@1000*1",
      description: "The first download breaks off"
    },
    { command: "privx-kit simulate --fault '*:500/DATABASE_ERROR%33'", description: "A third of everything fails" }
  ]),
  Command.annotate(HelpSections.HelpSections, [
    {
      title: "FAULTS",
      rows: [
        ["operations", "createSession, downloadSetupScript, reauthenticate, token, or * for each of them"],
        ["503/MAX_LOAD", "an error body: any status, any code; also message=, property=, details=, retry-after="],
        ["empty/503 html/502", "no body; a proxy's page; also malformed/200, json/502, redirect/307"],
        ["delay=2s stall@100", "late; silent behind 100 bytes; also reset, truncate@1000, slow=1000/50ms"],
        ["*2 %33 +5", "the first two; a third of them; not the first five"]
      ]
    },
    HelpSections.exitCodes
  ])
)
