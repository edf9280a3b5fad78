/**
 * The effects of one command call with expanded words: it runs other commands and code, reads data from the network,
 * changes files and the host.
 *
 * One rule applies to everything that runs something: text that a shell would run as code is interpreted as code, wherever it comes
 * from; the commands that launch it are listed as data (`launchers.ts`).
 *
 * Runs in the parser's thread and in the main thread: imports only modules of `internal`.
 */
import { reportAssembled } from "./assembledNames.ts"
import { builtins } from "./builtins.ts"
import { downloadOf, readableUrl, transferredFiles, withLists } from "../rules/downloads.ts"
import { effectsOf, operandsOf } from "../rules/fileEffects.ts"
import { runGivenFiles } from "./fileRunners.ts"
import { globMatches } from "../values/glob.ts"
import { hostChanges } from "../rules/hostChanges.ts"
import type { Argument, Interpreter } from "./interpretation.ts"
import { quoted, reportDisguisedFile, runFileValue } from "./fileCode.ts"
import { launch } from "./launching.ts"
import type { Machine } from "./machine.ts"
import { patternTargets } from "./misleadingNames.ts"
import { terminalTrick } from "../rules/terminalTricks.ts"
import { urlConcern } from "../rules/deceptiveUrls.ts"
import { baseName, isDisk } from "../values/paths.ts"
import { concernOf } from "../rules/sensitivePlaces.ts"
import { constant, empty, isOpen, type Origin, ownPath, plain, type Value } from "../values/shellValue.ts"
import { decodedFiles } from "./textCommands.ts"
import { checkDigest, output } from "./textOutput.ts"
import { runToolScripts } from "./toolScripts.ts"
import { isKnownCommand, isUnknown, sensitiveOperands } from "./unknownCommands.ts"

/** Programs that open a connection to another host. */
const connectors = /^(?:nc|ncat|netcat|socat|telnet|openssl)$/

export const invoke = (interpreter: Interpreter, args: ReadonlyArray<Argument>, given: Value | undefined): Value => {
  const { machine } = interpreter
  const [first, ...rest] = args
  if (first === undefined) return empty
  const stdin = given ?? machine.shellInput
  if (
    first.origin !== undefined &&
    (interpreter.isWholly(first.text) || (first.origin.kind === "hidden" && !first.text.includes("/")))
  ) {
    interpreter.reportOrigin(first.origin, "command", "code")
    if (isOpen(first.text)) return machine.fresh(first.origin)
  }
  const name = nameOf(interpreter, first.text)
  reportAssembled(machine, name)
  const alias = machine.aliases.get(name)
  if (alias !== undefined && !machine.activeFunctions.has(`alias ${name}`)) {
    machine.activeFunctions.add(`alias ${name}`)
    const text = alias.texts[0] ?? ""
    const output = /^[\w\s./:=@%+,-]+$/.test(text)
      ? interpreter.invoke([...wordsOfAlias(alias), ...(/\s$/.test(text) ? withAlias(machine, rest) : rest)], stdin)
      : interpreter.runCode(constant(`${text} ${quoted(rest)}`, alias.origin), stdin, "alias")
    machine.activeFunctions.delete(`alias ${name}`)
    return output
  }
  if (machine.functions.has(first.text)) return interpreter.callFunction(first.text, rest, stdin)
  const builtin = builtins.get(name)
  if (builtin !== undefined && builtin.accepts(rest)) return builtin.run(interpreter, rest, stdin)
  const behind = behindPrefix(first, rest)
  if (behind !== undefined) return invoke(interpreter, behind, stdin)
  const script = /^\/etc\/(?:rc\.d\/)?init\.d\/([\w.-]+)$/.exec(first.text)?.[1]
  if (script !== undefined) administer(interpreter, "service", rest, [script, ...rest.map(({ text }) => text)])
  administer(
    interpreter,
    name,
    rest,
    rest.map(({ text }) => text)
  )
  runGivenFiles(interpreter, name, rest, stdin)
  return (
    launch(interpreter, name, rest, stdin) ??
    runFile(interpreter, first, rest, stdin) ??
    simple(interpreter, name, rest, stdin)
  )
}

/** Words that are often the verb of another command: `$DOCKER rm`, `$APT install`. */
const isVerb =
  /^(?:install|link|rm|kill|exec|env|run|start|stop|test|history|service|sh|bash|diff|patch|join|split|at|batch|command|init|update|remove|login|passwd|export|import|set|edit|show|open|time|watch|trust|wall|code|date|tag|host|go|mount|umount|reboot|shutdown)$/

/** An unknown prefix, such as `$SUDO`, may be empty or run the words behind it. */
const behindPrefix = (
  { origin, text }: Argument,
  rest: ReadonlyArray<Argument>
): ReadonlyArray<Argument> | undefined => {
  const [next] = rest
  if (origin !== undefined || next === undefined || !isOpen(text.charAt(0)) || text.length > 64) return undefined
  // oxlint-disable-next-line no-control-regex -- the mark of an unknown value
  const prefix = /^\u0000(?:\{([^{}]*)\})?$/.exec(text)
  if (prefix === null || !/^[a-z][\w.-]*$|^\/(?:usr\/)?s?bin\/[\w.-]+$/.test(next.text)) return undefined
  const isPrefix = /su(?:do)?$|doas|root|priv|std|quiet|silent|run|dry|prefix|maybe|nice|wrap/i.test(prefix[1] ?? "")
  return isPrefix || (isKnownCommand(baseName(next.text)) && !isVerb.test(next.text)) ? rest : undefined
}

const wordsOfAlias = ({ origin, texts }: Value): ReadonlyArray<Argument> =>
  (texts[0] ?? "")
    .trim()
    .split(/\s+/)
    .map((text) => ({ text, origin }))

/** The words behind an alias that ends in a blank: the first of them may be an alias as well. */
const withAlias = (machine: Machine, args: ReadonlyArray<Argument>): ReadonlyArray<Argument> => {
  const [first, ...rest] = args
  const alias = first === undefined ? undefined : machine.aliases.get(first.text)
  return alias === undefined ? args : [...wordsOfAlias(alias), ...rest]
}

/** The base name of a path; for a pattern, the command that it matches. */
const nameOf = (interpreter: Interpreter, text: string): string => {
  const name = baseName(text)
  // A pattern that ends in a lone `*` is a loop over a directory.
  if (!/[?*[]/.test(name) || /^(?:\[\[?|\*)$/.test(name) || name.length > 64 || !/[a-z]|^[?]+$/.test(name)) return name
  const target =
    patternTargets.find((candidate) => globMatches(name, candidate)) ??
    (/^\/[a-z/]*[?[][^/]*\/|^(?:\/(?:usr\/)?(?:local\/)?s?bin\/)?[\w.-]*[?[][^/]*$/.test(text) ? name : undefined)
  if (target === undefined) return name
  interpreter.machine.fact("misleadsReader", text, target, "the name of a command is a pattern")
  return target
}

/** Runs a program or script that the script itself has created. */
const runFile = (
  interpreter: Interpreter,
  first: Argument,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): Value | undefined => {
  const { machine } = interpreter
  const { text } = first
  if (text.includes("/")) reportDisguisedFile(machine, "command", text)
  if (machine.files.size === 0 && machine.directories.size === 0) return undefined
  const path = text.includes("/") || isOpen(text) ? text : machine.programs.get(text)
  const value = path === undefined || path === ownPath ? undefined : machine.file(path, undefined)
  return value === undefined ? undefined : runFileValue(interpreter, value, args, stdin, baseName(text))
}

const simple = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): Value => {
  const { machine } = interpreter
  const texts = args.map(({ text }) => text)
  runToolScripts(interpreter, name, args, stdin)
  const effects = effectsOf(name, texts)
  if (effects !== undefined) {
    const removed = new Set(effects.removedWhole)
    for (const path of removed) machine.changedWhole(path, name, "removes")
    const changed = new Set(effects.changedWhole)
    for (const path of changed) machine.changedWhole(path, name, "changes")
    for (const path of effects.written ?? []) if (!removed.has(path) && !changed.has(path)) machine.wrote(path, name)
    for (const path of effects.moved ?? []) machine.tookAway(path, name)
    const disk = [
      ...(effects.disks ?? []),
      ...(/^(?:cp|mv|tee|install|rsync)$/.test(name) ? (effects.written ?? []) : [])
    ].find((path) => isDisk(path) || plain(path) === "/dev/\u0000")
    if (disk !== undefined) {
      const concern = /^(?:mk|wipe|crypt|[pvl]?v|z)/.test(name) ? "makes a disk empty" : "writes over a disk"
      machine.fact("removes", disk, name, concern, { broad: true })
    }
    if (name === "mkfifo" || (name === "mknod" && texts.includes("p")))
      for (const path of effects.written ?? []) machine.fifos.add(machine.absolute(path))
    for (const [from, to] of effects.copied ?? []) {
      if (/^(?:cp|install)$/.test(name) && isDisguise(from, to))
        machine.fact("misleadsReader", to, name, `puts ${baseName(from)} under another name`)
      if (name === "ln" && from.startsWith("/") && !machine.links.has(machine.absolute(to)))
        machine.links.set(machine.absolute(to), from)
      const value = machine.file(from, stdin)
      if (value !== undefined) machine.setFile(to, value)
      const origin = machine.originOfDirectory(machine.absolute(from))
      if (origin !== undefined) machine.setFile(to, machine.fresh(origin))
    }
    for (const [archive, directory] of effects.unpacked ?? []) unpack(interpreter, archive, directory, stdin)
    if ((name === "tee" || name === "sponge" || name === "dd") && stdin !== undefined) {
      for (const path of effects.written ?? []) interpreter.write(path, stdin, texts.includes("-a"))
    }
  }
  for (const path of decodedFiles(name, texts)) {
    machine.wrote(path, name)
    machine.setFile(path, machine.fresh({ kind: "hidden", source: name }))
  }
  checkDigest(interpreter, name, args, stdin)
  const fetched = download(interpreter, name, args, stdin)
  if (fetched !== undefined) return fetched
  if (effects === undefined && isUnknown(name)) {
    // The command may read these files as well as write them: a reader must decide.
    for (const path of sensitiveOperands(texts)) machine.wrote(path, name)
    for (const { text } of args) {
      const origin = /^[^\s]*[./][^\s]*$/.test(text)
        ? machine.file(text.replace(/^-[^/]*=/, ""), undefined)?.origin
        : undefined
      if (origin?.kind === "fetched")
        machine.fact("runsFetchedCode", origin.source, name, "a fetched file is given to a program that may run it")
    }
  }
  return machine.capturing === 0 ? empty : output(interpreter, name, args, stdin)
}

/** Whether copying `from` to `to` hides a shell, or a program with similar power, under another name. */
const isDisguise = (from: string, to: string): boolean =>
  /^\/(?:usr\/)?s?bin\/(?:(?:ba|da|z|k)?sh|busybox|python[\d.]*|perl|nc|ncat|socat|curl|wget|sudo|su|find|env)$/.test(
    from
  ) &&
  /^[/~.]/.test(to) &&
  !isOpen(to) &&
  !to.endsWith("/") &&
  !baseName(to).startsWith(baseName(from)) &&
  !/^(?:s?bin|libexec|lib\d*|tools|root|rootfs|tmp|shm|opt|usr|chroot|jail)$/.test(baseName(to))

/** Records the changes that a command makes to packages, users, services and similar objects. */
const administer = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  texts: ReadonlyArray<string>
): void => {
  const { machine } = interpreter
  if (name === "id" && texts.includes("-u")) machine.fact("needsRoot", "", "id")
  const shown = terminalTrick(name, texts, () => machine.readsInput)
  if (shown !== undefined) machine.fact("misleadsReader", "terminal", name, shown)
  if (!/^(?:echo|printf)$/.test(name)) {
    for (const text of texts.slice(0, 64)) {
      const deceptive = urlConcern(text)
      if (deceptive !== undefined) machine.fact("misleadsReader", text, name, deceptive)
    }
  }
  for (const { concern, kind, owner, subject } of hostChanges(name, texts.map(plain))) {
    machine.fact(kind, subject, name, concern, { owner })
    if (kind !== "installsPackage") continue
    if (/^(?:git\+)?https?:|^git@/.test(subject)) {
      machine.fact("runsFetchedCode", subject, name, "a package is fetched from an address and installed")
    }
  }
}

const sharedDirectories = /^\/$|^\/(?:usr|usr\/local|etc|bin|usr\/bin|usr\/local\/bin|usr\/lib|lib|var)$/

const unpack = (interpreter: Interpreter, archive: string, directory: string, stdin: Value | undefined): void => {
  const { machine } = interpreter
  const origin = (archive === "-" || archive === "" ? stdin : machine.file(archive, stdin))?.origin ?? undefined
  // Code within the script has the same author as the script.
  if (origin?.kind === "fetched" && !sharedDirectories.test(machine.absolute(directory))) {
    machine.directories.set(machine.absolute(directory), origin)
  }
}

const download = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): Value | undefined => {
  const { machine } = interpreter
  const texts = withLists(
    name,
    args.map(({ text }) => text),
    (file) => machine.file(file, stdin)?.texts ?? []
  )
  const found = downloadOf(name, texts)
  if (found === undefined) return undefined
  const { directory, files, sent, url } = found
  if (connectors.test(name)) connect(interpreter, name, texts, stdin)
  const origin: Origin = { kind: "fetched", source: readableUrl(url) }
  if (sent !== undefined) {
    const own = machine.file(sent, undefined)
    const concern =
      own !== undefined && own.origin?.kind !== "secret"
        ? undefined
        : stdin?.origin?.kind === "secret" ||
            concernOf(plain(sent)) !== undefined ||
            /^(?:\/etc|\/root|~|\/home|\/var\/lib)(?:\/|$)/.test(sent) ||
            sent === "-"
          ? "sends a file of this host"
          : undefined
    machine.fact("connects", readableUrl(url), name, concern)
    return machine.fresh(origin)
  }
  const secret =
    stdin?.origin?.kind === "secret" && (connectors.test(name) || texts.some((text) => /@-|^-$/.test(text)))
      ? stdin.origin
      : args.find((argument) => argument.origin?.kind === "secret")?.origin
  if (secret !== undefined) machine.fact("connects", readableUrl(url), name, "sends a file of this host")
  machine.fact("downloads", readableUrl(url), name)
  for (const file of [...files, ...transferredFiles(name, texts, stdin?.texts ?? [])]) {
    if (/[/~]/.test(file) || isOpen(file) || texts.includes(file)) machine.wrote(file, name)
    interpreter.write(file, machine.fresh(origin), false)
  }
  if (directory !== undefined && found.mounts === undefined && /^\/./.test(directory) && !isOpen(directory))
    machine.wrote(directory, name)
  if (directory !== undefined) machine.directories.set(machine.absolute(directory), origin)
  return machine.fresh(files.length === 0 && directory === undefined ? origin : undefined)
}

/** A shell that reads from, or writes to, the network. */
const connect = (
  interpreter: Interpreter,
  name: string,
  texts: ReadonlyArray<string>,
  stdin: Value | undefined
): void => {
  const { machine } = interpreter
  const text = texts.join(" ")
  if (name === "openssl" && texts[0] !== "s_client") return
  if (machine.shellInPipeline || stdin?.origin?.source === "shell")
    machine.fact("connects", text, name, "gives a shell to the network")
  if (name !== "socat") {
    if (texts.some((argument) => /^-[a-z]*l|^--listen$/.test(argument)))
      machine.fact("opensPort", operandsOf(texts).join(" "), name, "waits for a connection of its own")
    return
  }
  const runs = /\b(?:EXEC|SYSTEM|SHELL):\s*["']?([^,"']+)/i.exec(text.slice(0, 1000))?.[1]
  if (runs === undefined) return
  machine.fact("connects", text, name, "gives a shell to the network")
  interpreter.runCode(constant(runs), undefined, name)
}
