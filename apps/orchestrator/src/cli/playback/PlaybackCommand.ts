/** The flags and help of `privx-kit playback …`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

const variable = Catalogue.ownEnvironment.playbackSession.name

const reauthenticate = lazyCommand("reauthenticate", {
  parameters: {
    ...ConnectionFlags.flags,
    // An empty value is refused with the same message as a missing one.
    sessionId: Argument.String("SESSION_ID").pipe(
      Argument.withDescription(`Id of the playback session; - reads standard input; without it, $${variable} is used`),
      Argument.optional
    ),
    path: FlagKinds.text(
      "path",
      "PATH",
      "Another path of the endpoint, with :session_id in it; the default path is unverified"
    ),
    json: FlagKinds.json
  },
  description:
    "Re-authenticate a playback connection once.\n\n" +
    "The session id is a secret. Other users of this machine can see the command line: prefer standard input or the environment. The command never prints the id.",
  shortDescription: "Re-authenticate a playback connection once",
  examples: [
    { command: "privx-kit playback reauthenticate - < session-id.txt", description: "Read the id from a file" },
    { command: `${variable}=ID privx-kit playback reauthenticate`, description: "Read it from the environment" }
  ],
  exitCodes: exitsOf.network,
  settings: { privx: true, own: ["config", "playbackSession"] },
  load: () => import("./PlaybackReauthenticate.ts").then(({ run }) => run)
})

const keepAlive = lazyCommand("keep-alive", {
  parameters: {
    ...ConnectionFlags.flags,
    server: ServerFlags.server,
    for: FlagKinds.time("for", "End after this time (default: when the sessions have ended)").pipe(Flag.optional),
    tokenLifetime: FlagKinds.time(
      "token-lifetime",
      "Lifetime of a token if the server does not state it (default 5m)"
    ).pipe(Flag.optional),
    path: FlagKinds.text(
      "path",
      "PATH",
      "Another path of the endpoint, with :session_id in it; the default path is unverified"
    ),
    json: FlagKinds.json
  },
  description:
    "Keep playback connections authenticated, one or many, for as long as their sessions exist. Each is re-authenticated after a third " +
    "of the lifetime of a token, which leaves time to retry temporary failures. The command stops serving a session when it has ended, and " +
    "ends with the last session.\n\n" +
    `The ids are read from $${variable}, or else from standard input, separated by spaces or line breaks. They are secrets: the ` +
    "command accepts none as an argument and prints none; it refers to sessions by number.\n\n" +
    "With --server, each session becomes a durable run of that server, which continues if a worker dies, and the command returns " +
    "the ids of the runs. `privx-kit runs cancel ID` ends one early.",
  shortDescription: "Keep playback connections authenticated",
  examples: [
    { command: "privx-kit playback keep-alive < session-ids.txt", description: "All sessions of a file" },
    { command: `${variable}=ID privx-kit playback keep-alive --for 2h`, description: "One session, for two hours" },
    {
      command: "privx-kit playback keep-alive --server https://kit.example.com < session-ids.txt",
      description: "Run it on a server"
    }
  ],
  exitCodes: [...exitsOf.network, ...exitsOf.signals],
  settings: { privx: true, own: ["config", "playbackSession", "server", "serverToken", "serverTokenFile"] },
  load: () => import("./PlaybackKeepAlive.ts").then(({ run }) => run),
  loadRemote: () => import("./PlaybackKeepAliveRemote.ts").then(({ run }) => run)
})

export const playback = Command.make("playback").pipe(
  Command.withDescription("Keep playback connections authenticated while a recording is watched."),
  Command.withShortDescription("Keep playback connections authenticated"),
  Command.withSubcommands([reauthenticate, keepAlive])
)
