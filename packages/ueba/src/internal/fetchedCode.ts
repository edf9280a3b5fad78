/**
 * Commands of a script that fetch something and run it, or unpack something hidden in it and run that: on the tree, not
 * on the text, so that a comment or a help text is none.
 */
import type { Command, Pipeline, SyntaxNode, Word } from "unbash"
import { type Constants, type Invocation, invocationOf, optionOf, type Parser, type Site, walk } from "./shellTree.ts"

export interface Sites {
  readonly commands: ReadonlyArray<Called>
  readonly pipelines: ReadonlyArray<Site<Pipeline>>
  readonly constants: Constants
}

/** A command with what it comes to, worked out once: several look at it. */
export interface Called extends Site<Command> {
  readonly invocation: Invocation | undefined
}

export interface Found {
  readonly site: Site
  readonly reason: string
}

const fetchers = new Set(
  "curl wget fetch aria2c lwp-download lwp-request GET http https xh nc ncat netcat socat ftp tftp scp sftp".split(" ")
)

const shells = new Set(["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash"])

const interpreters = /^(?:python[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|php[\d.]*|lua[\d.]*)$/

/** Ways by which a program in another language gets something from the network. */
const fetchesInCode =
  /\burllib|\burlopen\b|\brequests\.|\bhttp\.client\b|\bhttpx\b|\bLWP\b|\bHTTP::Tiny\b|\bNet::HTTP\b|\bopen-uri\b|\bhttps?\.get\(|\bfetch\(|\bsocket\b|file_get_contents\(\s*["']https?:/

/** Tells in a moment that nothing here can be meant; what it lets through is looked at on the tree. */
const suspicious =
  /curl|wget|fetch|aria2c|lwp-|GET|https?|xh|\bnc\b|ncat|netcat|socat|ftp|scp|base64|base32|openssl|xxd|uudecode|gpg|zcat|gunzip|xzcat|bzcat|gzip|\bxz\b/

const isDecoder = ({ args, name }: Invocation): boolean => {
  switch (name) {
    case "base64":
    case "base32":
      return args.some((argument) => /^(-[a-zA-Z]*[dD]|--decode)/.test(argument))
    case "openssl":
      return args.some((argument) => argument === "-d" || argument === "-decode")
    case "xxd":
      return args.some((argument) => /^-(r|p?s?r)/.test(argument))
    case "gpg":
      return args.some((argument) => argument === "-d" || argument === "--decrypt")
    case "gzip":
    case "xz":
    case "bzip2":
      return args.some((argument) => /^(-[a-z]*d|--decompress)/.test(argument))
    case "uudecode":
    case "gunzip":
    case "zcat":
    case "xzcat":
    case "bzcat":
      return true
    default:
      return false
  }
}

export const fetchedCode = (parser: Parser, { commands, constants, pipelines }: Sites): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  const holders = new Map<string, string>()

  /** What of it comes from elsewhere: `fetched`, `decoded`, or nothing. */
  const originOf = (node: SyntaxNode, { anchor, text }: Site): string | undefined => {
    const source = text.slice(node.pos, node.end)
    for (const [, name = ""] of source.matchAll(/\$\{?(\w+)/g)) {
      const origin = holders.get(name)
      if (origin !== undefined) return origin
    }
    if (!suspicious.test(source)) return undefined
    let origin: string | undefined
    walk(parser, { node, text, anchor }, ({ node }) => {
      if (node.type !== "Command") return false
      const invocation = invocationOf(node, constants)
      if (invocation === undefined) return false
      if (fetchers.has(invocation.name)) origin = "fetched"
      else if (isDecoder(invocation)) origin = "decoded"
      return origin !== undefined
    })
    return origin
  }

  const files = new Set<string>()
  for (const site of commands) {
    for (const item of site.node.prefix) {
      if (item.type === "Assignment") {
        const origin = originOf(item, site)
        if (origin !== undefined) holders.set(item.name, origin)
      }
    }
    for (const item of site.node.suffix) {
      if (item.type === "Assignment" && item.value.type === "Word") {
        const origin = originOf(item.value, site)
        if (origin !== undefined) holders.set(item.name, origin)
      }
    }
    for (const file of filesFetched(site)) files.add(file)
  }

  for (const site of pipelines) {
    const { commands } = site.node
    const runner = commands.findIndex((command, at) => at > 0 && runsItsInput(command, constants))
    if (runner === -1) continue
    const origin = commands
      .slice(0, runner)
      .reduce<string | undefined>((origin, command) => origin ?? originOf(command, site), undefined)
    if (origin !== undefined) found.push({ site, reason: `code is ${origin} and run` })
  }

  for (const site of commands) {
    const { invocation } = site
    if (invocation === undefined) continue
    const reason = reasonOf(site, invocation, (node) => originOf(node, site), files)
    if (reason !== undefined) found.push({ site, reason })
  }
  return found
}

const reasonOf = (
  site: Site<Command>,
  invocation: Invocation,
  originOf: (node: SyntaxNode) => string | undefined,
  files: ReadonlySet<string>
): string | undefined => {
  const { args, called, name, words } = invocation
  const run = (nodes: ReadonlyArray<SyntaxNode | undefined>): string | undefined => {
    for (const node of nodes) {
      const origin = node === undefined ? undefined : originOf(node)
      if (origin !== undefined) return `code is ${origin} and run`
    }
    return undefined
  }
  const runFile = (word: Word | undefined) =>
    word !== undefined && files.has(fileKey(word.text)) ? "a file is fetched and run" : undefined

  for (const redirect of site.node.redirects) {
    if (redirect.type === "Redirect" && /^\/dev\/(tcp|udp)\//.test(redirect.target?.value ?? "")) {
      return "opens a connection of its own"
    }
  }
  if (name === "eval") return run(words)
  if (name === "source" || name === ".") return run(words.slice(0, 1)) ?? runFile(words[0])
  if (shells.has(name)) {
    const code = args.findIndex((argument) => /^-[a-zA-Z]*c$/.test(argument))
    if (code !== -1) return run([words[code + 1]])
    const operand = words[args.findIndex((argument) => !/^[-+]/.test(argument))]
    return operand === undefined ? run(inputsOf(site.node)) : (run([operand]) ?? runFile(operand))
  }
  if (interpreters.test(name)) {
    const code = args.findIndex((argument) => /^-[a-zA-Z]*[cer]$/.test(argument))
    const inline = code === -1 ? inputsOf(site.node) : [words[code + 1]]
    const fetches = inline.some((node) => node !== undefined && fetchesInCode.test(site.text.slice(node.pos, node.end)))
    if (fetches) return "code in another language that fetches something"
    const operand = words[args.findIndex((argument) => !argument.startsWith("-"))]
    return run(inline) ?? (code === -1 && operand !== undefined ? (run([operand]) ?? runFile(operand)) : undefined)
  }
  // A command whose name is the outcome of another.
  if (called?.parts?.some(({ type }) => type === "CommandExpansion" || type === "DoubleQuoted")) {
    return run([called]) ?? runFile(called)
  }
  return called !== undefined && called.text.includes("/") ? runFile(called) : undefined
}

/** What a command gets to read from the script itself. */
const inputsOf = (command: Command): ReadonlyArray<SyntaxNode | undefined> =>
  command.redirects.flatMap((redirect): ReadonlyArray<SyntaxNode | undefined> =>
    redirect.type === "HereDoc"
      ? [redirect.body]
      : redirect.type === "HereString" || redirect.operator === "<"
        ? [redirect.target]
        : []
  )

/** Whether a part of a pipeline takes what it reads for code. */
const runsItsInput = (node: SyntaxNode, constants: Constants): boolean => {
  if (node.type !== "Command") return false
  const invocation = invocationOf(node, constants)
  if (invocation === undefined) return false
  const { args, name } = invocation
  const operand = args.find((argument) => !/^[-+]./.test(argument))
  const readsInput = operand === undefined || operand === "-" || operand === "/dev/stdin"
  if (shells.has(name)) {
    return !args.some((argument) => /^-[a-zA-Z]*c$/.test(argument)) && (readsInput || args.includes("-s"))
  }
  if (name === "source" || name === ".") return readsInput && operand !== undefined
  return interpreters.test(name) && readsInput && !args.some((argument) => /^-[a-zA-Z]*[cem]$/.test(argument))
}

/** The files that a command fetches into, as they are written. */
const filesFetched = ({ invocation, node: command }: Called): ReadonlyArray<string> => {
  if (invocation === undefined || !fetchers.has(invocation.name)) return []
  const written = invocation.words.map((word) => word?.text ?? "")
  const option =
    invocation.name === "wget"
      ? optionOf(written, "-O", "--output-document", "-qO")
      : optionOf(written.map(withoutFlags), "-o", "--output")
  const named =
    invocation.name === "wget"
      ? option === undefined
      : invocation.args.some((argument) => /^(-[a-zA-Z]*O|--remote-name)$/.test(argument))
  const addresses = named ? written.filter((word) => /^["']?(https?|ftp):/.test(word)) : []
  const redirects = command.redirects.flatMap((redirect) =>
    redirect.type === "Redirect" && redirect.operator.startsWith(">") && redirect.target !== undefined
      ? [redirect.target.text]
      : []
  )
  return [
    ...(option === undefined ? [] : [option]),
    ...redirects,
    ...addresses.map((url) => url.slice(url.lastIndexOf("/") + 1))
  ]
    .map(fileKey)
    .filter((file) => file !== "" && file !== "-" && !file.startsWith("/dev/"))
}

/** `-fsSLo FILE` is `-o FILE`. */
export const withoutFlags = (argument: string): string => (/^-[a-zA-Z]+o$/.test(argument) ? "-o" : argument)

/** Two ways to write the same file. */
const fileKey = (text: string): string =>
  text
    .replace(/["']/g, "")
    .replace(/\$\{(\w+)\}/g, "$$$1")
    .replace(/^\.\//, "")
