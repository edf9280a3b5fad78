/** The flags and help of `privx-kit config …`. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { lazyCommand } from "../LazyCommand.ts"
import { names } from "./SettingNames.ts"

const name = Argument.Literals("NAME", names).pipe(Argument.withDescription(names.join(", ")))

const settings = { own: ["config"] } as const

const init = lazyCommand("init", {
  parameters: {
    baseUrl: FlagKinds.text("base-url", "URL", "URL of PrivX"),
    clientId: FlagKinds.text("client-id", "ID", "Id of the API client"),
    caFile: FlagKinds.text("ca-file", "PEM", "File with CA certificates to trust in addition to the system's"),
    credentialCommand: FlagKinds.text(
      "credential-command",
      "COMMAND",
      "Command that prints the secrets as JSON, e.g. of a password manager"
    ),
    force: FlagKinds.toggle("force", "Replace an existing file"),
    json: FlagKinds.json
  },
  description:
    "Write a config file with comments, readable by this account only.\n\n" +
    "At a terminal, the command asks for the values that no flag gives; secrets are not shown while you type. Without a terminal, it writes the values of the flags and leaves the others as comments.",
  shortDescription: "Write a config file",
  examples: [
    { command: "privx-kit config init" },
    { command: "privx-kit config init --base-url https://privx.example.com --client-id privx-kit" }
  ],
  exitCodes: ["settings", "storage", "interrupted"],
  settings,
  load: () => import("./ConfigInit.ts").then(({ run }) => run)
})

const get = lazyCommand("get", {
  parameters: { name, json: FlagKinds.json },
  description:
    "Print the value of a setting, from the environment or the config file. privx-kit doctor shows all settings and where they come from.",
  shortDescription: "Print a setting",
  examples: [{ command: "privx-kit config get base_url" }],
  exitCodes: ["settings", "storage"],
  settings,
  load: () => import("./ConfigValues.ts").then(({ get }) => get)
})

const set = lazyCommand("set", {
  parameters: { name, value: FlagKinds.argument("VALUE", "New value; for ca_file, a PEM file"), json: FlagKinds.json },
  description:
    "Change a setting of the config file. Comments stay. Secrets are never taken from the command line: run privx-kit config init, or set credential_command.",
  shortDescription: "Change a setting of the config file",
  examples: [
    { command: "privx-kit config set base_url https://privx.example.com" },
    { command: "privx-kit config set ca_file ca.pem", description: "Trust a private CA" },
    {
      command: "privx-kit config set credential_command 'my-password-manager read privx-kit'",
      description: "Read the secrets from a password manager"
    }
  ],
  exitCodes: ["settings", "storage"],
  settings,
  load: () => import("./ConfigValues.ts").then(({ set }) => set)
})

export const config = Command.make("config").pipe(
  Command.withDescription("Write, read and change the config file."),
  Command.withShortDescription("Write, read and change the config file"),
  Command.withSubcommands([init, get, set])
)
