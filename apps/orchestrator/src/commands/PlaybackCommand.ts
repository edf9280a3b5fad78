/** `privx-kit playback …`: what can be given, and what it means. The work is in the modules loaded on demand. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Catalogue from "../settings/Catalogue.ts"
import * as ConnectionFlags from "./ConnectionFlags.ts"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

const variable = Catalogue.ownEnvironment.playbackSession.name

const reauthenticate = Command.make(
  "reauthenticate",
  {
    ...ConnectionFlags.flags,
    sessionId: Argument.String("SESSION_ID").pipe(
      Argument.withDescription(
        `Id of the playback session; - reads it from standard input, without it $${variable} is read`
      ),
      Argument.optional
    ),
    path: Flag.String("path").pipe(
      Flag.withMetavar("PATH"),
      Flag.withDescription("Another path of the endpoint, with :session_id in it; the default one is unverified"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document instead of text"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./PlaybackReauthenticate.ts"))
    yield* run({
      ...ConnectionFlags.values(input, globals),
      ...globals,
      sessionId: Option.getOrUndefined(input.sessionId),
      path: Option.getOrUndefined(input.path),
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Re-authenticate a playback connection, once.\n\n" +
      "The session id is a secret: other users of this machine can see it on the command line, so that standard input or " +
      "the environment is the better way. It is never printed back."
  ),
  Command.withShortDescription("Re-authenticate a playback connection, once"),
  Command.withExamples([
    { command: "privx-kit playback reauthenticate - < session-id.txt", description: "The id from a file" },
    { command: `${variable}=… privx-kit playback reauthenticate`, description: "The id from the environment" }
  ]),
  Command.annotate(HelpSections.HelpSections, [
    HelpSections.settings,
    {
      title: "ENVIRONMENT",
      rows: [[variable, Catalogue.ownEnvironment.playbackSession.description], ...HelpSections.environment.rows]
    },
    HelpSections.exitCodes
  ])
)

export const playback = Command.make("playback").pipe(
  Command.withDescription("Playback connections: recordings that somebody watches."),
  Command.withShortDescription("Keep playback connections authenticated"),
  Command.withSubcommands([reauthenticate])
)
