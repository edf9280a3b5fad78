/**
 * Scripts in the language of a tool that the shell script hands to it: statements for a database, commands for an
 * editor, rules for a firewall. They stand among the arguments, in a file that the script writes, or on standard input.
 *
 * Runs in the parser's thread and in the main thread: imports only modules of `internal`.
 */
import { databaseChanges, shellCodeIn } from "../rules/databaseStatements.ts"
import { operandsOf } from "../rules/fileEffects.ts"
import { concernOf } from "../rules/sensitivePlaces.ts"
import { configures } from "../rules/softwareCommands.ts"
import { change, type HostChange } from "../rules/hostRules.ts"
import type { Argument, Interpreter } from "./interpretation.ts"
import { constant, isOpen, plain, type Value } from "../values/shellValue.ts"

interface Effects {
  readonly changes?: ReadonlyArray<HostChange>
  readonly written?: ReadonlyArray<string>
  /** Removed recursively. */
  readonly removed?: ReadonlyArray<string>
  readonly shellCode?: ReadonlyArray<string>
}

interface Tool {
  /** Options whose value is a script. */
  readonly code?: RegExp
  /** Options whose value is a file with a script. */
  readonly file?: RegExp
  /** Whether the operands are parts of a script, or name files with a script. */
  readonly operands?: "code" | "file"
  /** Options whose value is the next argument, and not an operand. */
  readonly valued?: RegExp
  readonly input?: true
  readonly read: (text: string, args: ReadonlyArray<string>) => Effects
}

const database: Tool = {
  code: /^(?:-[ceqQx]|-[a-zA-Z]*[ec]|--(?:command|execute|eval|query|exec))$/,
  file: /^(?:-f|--file|--init-file|--queries-file|-i)$/,
  operands: "code",
  input: true,
  read: (text) => ({ changes: databaseChanges(text), shellCode: shellCodeIn(text) })
}

const linesOf = (text: string): ReadonlyArray<string> => text.slice(0, 64 * 1024).split("\n", 1000)

/** `w FILE` writes another file than the editor has opened; `!` runs a shell command. */
const editor: Tool = {
  input: true,
  code: /^(?:-c|--cmd)$/,
  read: (text) => {
    const lines = linesOf(text)
    const target =
      /^:?\s{0,8}(?:\d*,?[\d$]*|%)?(?:w|wq|write|x|sav(?:eas)?|[eEf]|edit)!?\s+(?:>>\s{0,8})?(\/\S+|~\S+)\s*$/
    return {
      written: lines.flatMap((line) => target.exec(line.slice(0, 4000))?.[1] ?? []),
      shellCode: lines.flatMap((line) => /^:?(?:w\s{0,8})?!\s{0,8}(\S.*)$/.exec(line.slice(0, 4000))?.[1] ?? [])
    }
  }
}

/** SQLite works on the file that its first operand names. */
const sqlite: Tool = {
  ...database,
  read: (text, args) => ({
    ...database.read(text, args),
    written: /\b(?:insert|update|delete|drop|alter|create|replace|vacuum)\s/i.test(text.slice(0, 64 * 1024))
      ? operandsOf(args, /^-(?:cmd|init|separator|newline|nullvalue)$/).slice(0, 1)
      : []
  })
}

/** The file of a path of augeas, which goes on into the file. */
const fileOfNode = (path: string): string => {
  const parts = path.split("/").slice(0, 12)
  for (let length = 3; length <= parts.length; length++) {
    const prefix = parts.slice(0, length).join("/")
    if (concernOf(prefix) !== undefined) return prefix
  }
  return path
}

/** The answers that a script gives to the questions of a package. */
const packageAnswers: Tool = {
  operands: "file",
  input: true,
  read: (text) => ({
    changes: [
      ...new Set(
        linesOf(text).flatMap((line) => /^\s{0,20}([a-z][\w.+-]*)\s+\S+\/\S/.exec(line.slice(0, 300))?.[1] ?? [])
      )
    ].flatMap((name) => configures(name.split(/[^a-z]+/)[0] ?? name)([name]))
  })
}

const augeas: Tool = {
  input: true,
  file: /^(?:-f|--file)$/,
  operands: "code",
  read: (text) => ({
    written: linesOf(text)
      .flatMap(
        (line) =>
          /^\s{0,20}(?:set|setm|rm|clear|clearm|ins|insert|mv|move|touch|defnode)\s.{0,200}?\/files(\/[^\s"'[\]]+)/.exec(
            line.slice(0, 4000)
          )?.[1] ?? []
      )
      .map(fileOfNode)
  })
}

const firewall = (concern: string): ReadonlyArray<HostChange> => [change("weakensDefence", "firewall", concern)]

const nftables: Tool = {
  input: true,
  file: /^(?:-f|--file)$/,
  operands: "code",
  read: (text) => ({
    changes: /\b(?:flush\s+(?:ruleset|table|chain)|delete\s+(?:table|chain|rule))\b/.test(text.slice(0, 64 * 1024))
      ? firewall("clears the rules of the firewall")
      : []
  })
}

const savedRules: Tool = {
  input: true,
  operands: "file",
  read: (text, args) => ({
    changes: args.some((argument) => /^(?:-n|--noflush|-t|--test)$/.test(argument))
      ? []
      : firewall(
          /^:INPUT\s+ACCEPT/m.test(text.slice(0, 64 * 1024)) && !/-j\s+(?:DROP|REJECT)/.test(text.slice(0, 64 * 1024))
            ? "lets everything through the firewall"
            : "replaces the rules of the firewall"
        )
  })
}

/** The lines of tmpfiles.d that remove or empty something. */
const temporaryFiles: Tool = {
  operands: "file",
  read: (text, args) => ({
    removed: args.some((argument) => /^--(?:remove|clean|purge)$/.test(argument))
      ? linesOf(text).flatMap((line) => /^\s{0,20}[RrDde][!=~^+-]*\s+(\/\S+)/.exec(line.slice(0, 4000))?.[1] ?? [])
      : []
  })
}

/** A configuration of logrotate: the logs that it names, and the code of its scripts. */
const logRotation: Tool = {
  operands: "file",
  valued: /^-[slm]$|^--(?:state|log|mail)$/,
  read: (text) => ({
    shellCode: linesOf(text).filter((line) => /^\s+(?:\/\S|(?:sh|bash|curl|wget|nc|rm)\s)/.test(line.slice(0, 300)))
  })
}

/** Manifests of containers: power over the host. */
const manifests: Tool = {
  input: true,
  file: /^(?:-f|--filename|--file|-c|--compose-file)$/,
  operands: "file",
  read: (text) => ({
    changes:
      /(?:^|[\s{,"'-])(?:privileged["']?:\s*true|host(?:PID|Network|IPC)["']?:\s*true|(?:pid|network_mode|ipc|userns_mode)["']?:\s*["']?host|allowPrivilegeEscalation["']?:\s*true|hostPath["']?:|cluster-admin\b|MutatingWebhookConfiguration\b)|\b(?:SYS_ADMIN|SYS_MODULE|SYS_PTRACE)\b|-\s*["']?\/(?:etc|root|var\/run\/docker\.sock|run\/docker\.sock|)["']?:\//m.test(
        text.slice(0, 64 * 1024)
      )
        ? [change("weakensDefence", "container isolation", "gives a container power over the host")]
        : []
  })
}

/** The files that compose reads without an option. */
const composeFiles = ["docker-compose.yml", "docker-compose.yaml", "compose.yaml", "compose.yml"]

const tools: ReadonlyMap<string, Tool> = new Map<string, Tool>([
  ...(
    "mysql mariadb psql pgcli mycli mongo mongosh clickhouse-client clickhouse cqlsh sqlplus isql sqlcmd " +
    "influx redis-cli valkey-cli keydb-cli cockroach duckdb mssql-cli tsql rman db2 hdbsql"
  )
    .split(" ")
    .map((name) => [name, database] as const),
  ...["ed", "ex", "red"].map((name) => [name, editor] as const),
  ...["vi", "vim", "nvim", "view"].map((name) => [name, editor] as const),
  ["augtool", augeas],
  ["debconf-set-selections", packageAnswers],
  ...["kubectl", "oc", "docker", "docker-compose", "podman", "podman-compose", "nerdctl", "k3s"].map(
    (name) => [name, manifests] as const
  ),
  ...["sqlite3", "sqlite"].map((name) => [name, sqlite] as const),
  ["nft", nftables],
  ...["iptables-restore", "ip6tables-restore", "ebtables-restore", "arptables-restore"].map(
    (name) => [name, savedRules] as const
  ),
  ["systemd-tmpfiles", temporaryFiles],
  ["logrotate", logRotation]
])

/** Whether the tool has a language of its own that is followed. */
export const hasOwnLanguage = (name: string): boolean => tools.has(name)

/** Follows the scripts that a tool is given. */
export const runToolScripts = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): void => {
  const tool = tools.get(name)
  if (tool === undefined) return
  const { machine } = interpreter
  const texts = args.map(({ text }) => text)
  const scripts: Array<Value> = []
  const file = (path: string) => {
    const content = machine.file(path, stdin)
    if (content !== undefined) scripts.push(content)
  }
  for (const [at, { origin, text }] of args.entries()) {
    const next = args[at + 1]
    if (tool.code?.test(text) === true && next !== undefined) scripts.push(constant(next.text, next.origin))
    else if (tool.file?.test(text) === true && next !== undefined) file(next.text)
    else if (/^--[a-z-]+=/.test(text)) {
      const split = text.indexOf("=")
      if (tool.code?.test(text.slice(0, split)) === true) scripts.push(constant(text.slice(split + 1), origin))
      else if (tool.file?.test(text.slice(0, split)) === true) file(text.slice(split + 1))
    } else if (tool.file?.test(text.slice(0, 2)) === true && /^-\w./.test(text)) file(text.slice(2))
    else if (tool.code?.test(text.slice(0, 2)) === true && /^-\w./.test(text)) scripts.push(constant(text.slice(2)))
  }
  if (tool === manifests && (name.endsWith("compose") || texts[0] === "compose") && !texts.includes("-f"))
    for (const path of composeFiles) file(path)
  const operands = operandsOf(texts, tool.valued)
  if (tool.operands === "code" && operands.length > 0) scripts.push(constant(operands.join(" ")))
  if (tool.operands === "file") for (const path of operands) file(path)
  if (tool.input !== undefined && stdin !== undefined) scripts.push(stdin)
  for (const text of scripts.flatMap(({ texts }) => texts)) {
    if (!machine.step(1 + (text.length >> 6))) return
    const effects = tool.read(plain(text), texts)
    for (const { concern, kind, owner, subject } of effects.changes ?? [])
      machine.fact(kind, subject, name, concern, { owner })
    for (const path of effects.written ?? []) machine.wrote(path, name)
    for (const path of effects.removed ?? []) machine.changedWhole(path, name, "removes")
    for (const code of effects.shellCode ?? [])
      if (!isOpen(code)) machine.scoped(() => interpreter.runCode(constant(code), undefined, name))
  }
}
