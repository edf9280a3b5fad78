/**
 * Completion scripts for shells. The scripts of the parser lack global flags, files, run ids, PrivX hosts and digests of
 * stored scripts. This script requests these values from privx-kit.
 */
import * as Parser from "effect/cli/Completions"
import type * as Command from "effect/cli/Command"

export const shells = ["bash", "zsh", "fish", "powershell"] as const

export type Shell = (typeof shells)[number]

export const script = (command: Command.Command.Any, shell: Shell): string => {
  const text = Parser.generate(command.name, shell, complete(Parser.fromCommand(command), shell))
  switch (shell) {
    case "bash":
      return asked(text, (marker, ask) => [`'${marker}'`, `$(${ask})`]).replace(
        /^complete -F /m,
        "complete -o bashdefault -o default -F "
      )
    case "zsh":
      return asked(text, (marker, ask) => [`(${marker})`, `{compadd -- $(${ask})}`])
    case "fish":
      return asked(text, (marker, ask) => [`'${marker}'`, `'(${ask})'`])
    case "powershell":
      return text
  }
}

/** Each marker is replaced with the code of the shell that lists the values. */
const asks = {
  "@runs@": "privx-kit runs list --ids 2>/dev/null",
  "@targets@": "privx-kit runs list --targets 2>/dev/null",
  "@artifacts@": "privx-kit artifacts list --ids 2>/dev/null"
} as const

const asked = (text: string, replacement: (marker: string, ask: string) => readonly [string, string]): string =>
  Object.entries(asks).reduce((result, [marker, ask]) => result.replaceAll(...replacement(marker, ask)), text)

const files: ReadonlySet<string> = new Set([
  "attestation",
  "ca-file",
  "ca-out",
  "config",
  "file",
  "hosts",
  "key",
  "manifest",
  "policy",
  "signing-key",
  "tls-cert",
  "tls-key",
  "tokens",
  "write-config"
])

const directories: ReadonlySet<string> = new Set(["data-dir", "fleet-secrets", "output"])

/** Flags that take a PrivX host: completion offers the hosts of earlier runs. */
const hosts: ReadonlySet<string> = new Set(["base-url", "host", "target"])

const globals: ReadonlyArray<Parser.FlagDescriptor> = [
  flag("help", "Show help", "Boolean", ["h"]),
  flag("version", "Show the version", "Boolean", ["v"]),
  {
    ...flag("log-level", "Set the log level"),
    type: { _tag: "Choice", values: ["all", "trace", "debug", "info", "warn", "error", "fatal", "none"] }
  },
  flag("config", "Config file, in TOML"),
  flag("data-dir", "Directory for runs and artifacts"),
  { ...flag("color", "Turn colours on or off", "Boolean"), negation: "no-color" },
  flag("verbose", "Log to standard error", "Boolean")
]

function flag(
  name: string,
  description: string,
  type: "Boolean" | "String" = "String",
  aliases: ReadonlyArray<string> = []
): Parser.FlagDescriptor {
  return { name, description, aliases, type: { _tag: type }, negation: false }
}

const complete = (descriptor: Parser.CommandDescriptor, shell: Shell): Parser.CommandDescriptor => ({
  ...descriptor,
  flags: [...descriptor.flags, ...globals].map((flag) => ({ ...flag, type: typeOf(flag.name, flag.type, shell) })),
  arguments: descriptor.arguments.map((argument) => ({
    ...argument,
    type: argumentTypeOf(argument.name, argument.type, shell)
  })),
  subcommands: descriptor.subcommands.map((sub) => complete(sub, shell))
})

const dynamic = (marker: keyof typeof asks): Parser.ArgumentType => ({ _tag: "Choice", values: [marker] })

const typeOf = (name: string, type: Parser.FlagType, shell: Shell): Parser.FlagType => {
  if (type._tag !== "String") return type
  if (name === "run" && shell !== "powershell") return dynamic("@runs@")
  if (hosts.has(name) && shell !== "powershell") return dynamic("@targets@")
  if (directories.has(name)) return { _tag: "Path", pathType: "directory" }
  return files.has(name) ? { _tag: "Path", pathType: "file" } : type
}

const argumentTypeOf = (name: string, type: Parser.ArgumentType, shell: Shell): Parser.ArgumentType => {
  if (type._tag !== "String") return type
  const marker = /^RUN\b/.test(name) ? "@runs@" : name === "SHA256" ? "@artifacts@" : undefined
  if (marker !== undefined) return shell === "powershell" ? type : dynamic(marker)
  return name === "FILE" || name === "PATH" ? { _tag: "Path", pathType: "file" } : type
}
