/** `privx-kit doctor`: what can be given, and what it means. The work is in the module loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

export const doctor = Command.make(
  "doctor",
  {
    ...ConnectionFlags.flags,
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document instead of text"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./DoctorReport.ts"))
    yield* run({ ...ConnectionFlags.values(input, globals), ...globals, json: input.json })
  })
).pipe(
  Command.withDescription(
    "Show which setting comes from where, and check what a job needs: host, certificate, credentials, data folder.\n\n" +
      "It asks PrivX for a token and for nothing else, and changes nothing. Secrets are shown as set, never as they are. The " +
      "exit code is that of the first check that fails."
  ),
  Command.withShortDescription("Check settings, network, certificate, credentials, data folder"),
  Command.withExamples([
    { command: "privx-kit doctor" },
    {
      command: "privx-kit doctor --base-url https://privx.example.com --ca-file ca.pem",
      description: "Before settling on settings"
    },
    { command: "privx-kit doctor --json", description: "For a script" }
  ]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.settings, HelpSections.environment, HelpSections.exitCodes])
)
