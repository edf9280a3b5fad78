/** The flags and help of `privx-kit simulate`. */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { lazyCommand } from "../LazyCommand.ts"

export const simulate = lazyCommand("simulate", {
  parameters: {
    command: Argument.String("COMMAND").pipe(
      Argument.withDescription("Command to run against the simulator, after --; the simulator ends with it"),
      Argument.variadic()
    ),
    port: FlagKinds.count("port", "Port to listen on (default: that of --write-config, or any free port)").pipe(
      Flag.withAlias("p"),
      Flag.filter(
        (port) => port <= 65535,
        () => "a port from 0 to 65535"
      ),
      Flag.optional
    ),
    tls: FlagKinds.toggle("tls", "Serve HTTPS, with a CA and a certificate made for this process"),
    caFile: FlagKinds.text("ca-out", "PEM", "File to write the CA certificate to (default: a temporary file)"),
    writeConfig: FlagKinds.text(
      "write-config",
      "FILE",
      "Write the settings to FILE, for --config; a restart with the same FILE keeps its credentials and port"
    ),
    login: Flag.Literals("login", ["password", "exchange", "client-credentials"]).pipe(
      Flag.withDescription(
        "Which login the printed settings are for: an API client with an OAuth client (default), a token to exchange, or an API client in a domain"
      ),
      Flag.withDefault("password")
    ),
    faults: FlagKinds.texts(
      "fault",
      "SPEC",
      "Fault to inject: OPERATION:ACTION[*TIMES][%PERCENT][+SKIP][,NAME=VALUE…]; can be repeated"
    ),
    scriptBytes: FlagKinds.positive("script-bytes", "Size of the setup script, to try large downloads").pipe(
      Flag.optional
    ),
    json: FlagKinds.toggle("json", "Print one JSON document at the start; requests go to standard error")
  },
  description:
    "Run a simulated PrivX for trials, until Ctrl-C or until COMMAND ends.\n\n" +
    "It speaks the same protocol as PrivX, over HTTP or HTTPS, and fails on request. COMMAND gets its address, CA and " +
    "credentials in the environment; the exit code is that of COMMAND. The credentials are random and are worth nothing " +
    "elsewhere; that is why they are printed.",
  shortDescription: "Run a simulated PrivX for trials",
  examples: [
    {
      command: "privx-kit simulate --tls -- privx-kit ueba setup --output ./ueba",
      description: "Set up UEBA against a simulator that lives as long as the command"
    },
    {
      command: "privx-kit simulate --tls --write-config simulator.toml",
      description: "In another terminal: privx-kit doctor --config simulator.toml"
    },
    {
      command: "privx-kit simulate --login client-credentials -- privx-kit doctor",
      description: "Try another login"
    },
    {
      command: "privx-kit simulate --tls --fault 'createSession:503/MAX_LOAD*2'",
      description: "Refuse the first two sessions because of the load"
    },
    {
      command: "privx-kit simulate --fault 'downloadSetupScript:truncate@1000*1'",
      description: "Cut the first download short"
    },
    { command: "privx-kit simulate --fault '*:500/DATABASE_ERROR%33'", description: "Fail a third of all requests" }
  ],
  exitCodes: ["storage", "listen"],
  sections: [
    {
      title: "FAULTS",
      rows: [
        ["operations", "createSession, downloadSetupScript, reauthenticate, token, or * for all"],
        ["503/MAX_LOAD", "an error body: any status, any code; also message=, property=, details=, retry-after="],
        ["empty/503 html/502", "no body; the page of a proxy; also malformed/200, json/502, redirect/307"],
        ["delay=2s stall@100", "late; silent after 100 bytes; also reset, truncate@1000, slow=1000/50ms"],
        ["*2 %33 +5", "the first two; a third of them; not the first five"]
      ]
    }
  ],
  load: () => import("./Simulate.ts").then(({ run }) => run)
})
