/**
 * All commands of the program, including those of the domains. Completions, man pages and the reference are generated
 * from this tree.
 */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Domain from "../domain/Domain.ts"
import * as GlobalFlags from "./flags/GlobalFlags.ts"
import { help } from "./HelpCommand.ts"

/**
 * The part of the tree that the words of a command line need. A command that the words cannot select only has its name
 * and its line of `--help`, and is not loaded.
 */
export const make = (
  domains: ReadonlyArray<Domain.Domain>,
  programVersion: string,
  words: ReadonlyArray<string> | "all"
) =>
  Effect.map(
    Effect.forEach(
      all(domains, programVersion),
      (command) => {
        if (!("load" in command)) return Effect.succeed(command)
        return words === "all" || words.includes(command.name)
          ? Effect.promise(command.load)
          : Effect.succeed(unloaded(command))
      },
      { concurrency: "unbounded" }
    ),
    (commands) =>
      Command.make("privx-kit").pipe(
        Command.withDescription("Runs SSH PrivX admin jobs to completion despite failures and restarts."),
        Command.withSubcommands(commands),
        Command.withGlobalFlags(GlobalFlags.all),
        Command.withExamples([
          { command: "privx-kit demo", description: "See it work, without a PrivX" },
          { command: "privx-kit doctor", description: "Check settings, network, certificate and credentials" },
          { command: "privx-kit ueba setup --output ./ueba", description: "Set up UEBA" }
        ])
      )
  )

const unloaded = ({ name, shortDescription }: Domain.LateCommand): Domain.DomainCommand =>
  Domain.command(Command.make(name).pipe(Command.withShortDescription(shortDescription)))

/** The commands of the domains come before those of the program. */
const all = (
  domains: ReadonlyArray<Domain.Domain>,
  programVersion: string
): ReadonlyArray<Domain.DomainCommand | Domain.LateCommand> => [
  ...domains.flatMap(({ commands = [] }) => commands),
  Domain.late("runs", "List, follow, cancel, retry and approve runs", () =>
    import("./runs/RunsCommand.ts").then(({ runs }) => Domain.command(runs))
  ),
  Domain.late("artifacts", "Inspect, export, check and prune stored scripts", () =>
    import("./artifacts/ArtifactsCommand.ts").then(({ artifacts }) => Domain.command(artifacts))
  ),
  Domain.late("verify", "Check a script against the manifest and attestation of its run, offline", () =>
    import("./artifacts/VerifyCommand.ts").then(({ verify }) => Domain.command(verify))
  ),
  Domain.late("config", "Write, read and change the config file", () =>
    import("./config/ConfigCommand.ts").then(({ config }) => Domain.command(config))
  ),
  Domain.late("doctor", "Check settings, network, certificate, credentials, data directory, server", () =>
    import("./doctor/DoctorCommand.ts").then(({ doctor }) => Domain.command(doctor))
  ),
  Domain.late("support-bundle", "Collect the data for a problem report, with secrets redacted", () =>
    import("./doctor/SupportBundleCommand.ts").then(({ supportBundle }) =>
      Domain.command(supportBundle(programVersion))
    )
  ),
  Domain.late("login", "Sign in to a server", () =>
    import("./login/LoginCommand.ts").then(({ login }) => Domain.command(login))
  ),
  Domain.late("logout", "Sign out of a server", () =>
    import("./login/LoginCommand.ts").then(({ logout }) => Domain.command(logout))
  ),
  Domain.late("serve", "Serve setups over HTTP", () =>
    import("./serve/ServeCommand.ts").then(({ serve }) => Domain.command(serve))
  ),
  Domain.late("worker", "Execute the runs of a shared database", () =>
    import("./serve/WorkerCommand.ts").then(({ worker }) => Domain.command(worker))
  ),
  Domain.late("database", "Create the tables of a shared database", () =>
    import("./serve/DatabaseCommand.ts").then(({ database }) => Domain.command(database))
  ),
  Domain.late("simulate", "Run a simulated PrivX for trials", () =>
    import("./simulate/SimulateCommand.ts").then(({ simulate }) => Domain.command(simulate))
  ),
  Domain.late("demo", "Show the whole kit, without a PrivX", () =>
    import("./simulate/DemoCommand.ts").then(({ demo }) => Domain.command(demo))
  ),
  Domain.late("openapi", "Print the OpenAPI documents of the endpoints", () =>
    import("./OpenApiCommand.ts").then(({ openapi }) => Domain.command(openapi))
  ),
  Domain.late("completion", "Print a completion script for a shell", () =>
    import("./CompletionCommand.ts").then(({ completion }) =>
      Domain.command(completion(make(domains, programVersion, "all")))
    )
  ),
  Domain.late("version", "Show versions", () =>
    import("./VersionCommand.ts").then(({ version }) => Domain.command(version(programVersion)))
  ),
  Domain.command(help)
]
