/**
 * Commands that run their arguments. The tables of `launchers.ts` define which arguments are another command, shell code,
 * code in another language, or a file with code.
 */
import type { Argument, Interpreter } from "./interpretation.ts"
import { quoted, reportDisguisedFile, runFileValue } from "./fileCode.ts"
import { runLanguage } from "./languageCode.ts"
import {
  codeOptions,
  languageOf,
  type Launcher,
  launcherOf,
  launchers,
  shells,
  shellValued
} from "../rules/launchers.ts"
import { crontab, find, xargs } from "./listCommands.ts"
import { runUnexpectedly } from "./unexpectedLaunchers.ts"
import { baseName } from "../values/paths.ts"
import { constant, empty, isOpen, isWeak, originAmong, ownPath, type Value } from "../values/shellValue.ts"
import { located } from "./textOutput.ts"

type Arguments = ReadonlyArray<Argument>

const valueOf = ({ origin, text }: Argument): Value => constant(text, origin)

const textOf = (argument: Argument | undefined): string => argument?.text ?? ""

/** Runs what the arguments of the command specify; `undefined` for a command that runs nothing. */
export const launch = (
  interpreter: Interpreter,
  name: string,
  args: Arguments,
  stdin: Value | undefined
): Value | undefined => {
  if (shells.has(name)) return runShell(interpreter, name, args, stdin)
  const language = languageOf(name)
  if (language !== undefined) return runLanguage(interpreter, language, name, args, stdin)
  switch (name) {
    case "eval":
      return interpreter.runCode(
        { texts: [args.map(({ text }) => text).join(" ")], origin: originAmong(args) },
        stdin,
        name
      )
    case ".":
    case "source": {
      const [file, ...rest] = args[0]?.text === "--" ? args.slice(1) : args
      if (file === undefined) return empty
      if (file.origin !== undefined && !isWeak(file.origin) && interpreter.isWholly(file.text))
        interpreter.reportOrigin(file.origin, name, "code")
      return runPath(interpreter, name, file, rest, stdin, true)
    }
    case "find":
    case "fd":
      find(interpreter, args, stdin)
      return undefined
    case "xargs":
      return xargs(interpreter, args, stdin)
    case "env":
      return env(interpreter, args, stdin)
    case "crontab":
      crontab(interpreter, args, stdin)
      return undefined
    case "start-stop-daemon": {
      const at = args.findIndex(({ text }) => /^(?:-a|-x|--exec|--startas)$/.test(text))
      const dashes = args.findIndex(({ text }) => text === "--")
      const program = args[at + 1]
      return at === -1 || program === undefined
        ? undefined
        : interpreter.invoke([program, ...(dashes === -1 ? [] : args.slice(dashes + 1))], stdin)
    }
    default:
  }
  runUnexpectedly(interpreter, name, args, stdin)
  runCodeOptions(interpreter, name, args, stdin)
  runCodeSettings(interpreter, name, args)
  const launcher = launcherOf(name)
  return launcher === undefined || launcher.only?.test(textOf(args.find(({ text }) => !text.startsWith("-")))) === false
    ? undefined
    : runLauncher(interpreter, launcher, name, args, stdin)
}

const runShell = (interpreter: Interpreter, name: string, args: Arguments, stdin: Value | undefined): Value => {
  const { machine } = interpreter
  let at = 0
  let isCode = false
  let isInput = false
  for (; at < args.length; at++) {
    const text = textOf(args[at])
    if (text === "--" || text === "-") {
      at += 1
      break
    }
    if (!/^[-+]./.test(text)) break
    if (shellValued.has(text)) at += 1
    if (text.startsWith("--")) {
      if (/^--(?:command|init-command)/.test(text)) isCode = true
      continue
    }
    if (text.startsWith("-") && text.includes("c")) isCode = true
    if (text.includes("s")) isInput = true
    if (/^-[a-zA-Z]+o$/.test(text) && text.length > 2) at += 1
  }
  const [operand, ...rest] = args.slice(at)
  if (isCode) {
    if (operand === undefined) return empty
    return inNewShell(interpreter, rest.slice(1), () => {
      const [zero] = rest
      if (zero !== undefined) machine.replace("0", valueOf(zero))
      return interpreter.runCode(valueOf(operand), stdin, name)
    })
  }
  if (operand !== undefined && !isInput) {
    if (operand.origin !== undefined && !isWeak(operand.origin) && interpreter.isWholly(operand.text))
      interpreter.reportOrigin(operand.origin, name, "code")
    return runPath(interpreter, name, operand, rest, stdin, false)
  }
  if (stdin === undefined || stdin.texts.some(isOpen)) machine.shellInPipeline = true
  if (stdin !== undefined)
    return inNewShell(interpreter, operand === undefined ? [] : [operand, ...rest], () =>
      interpreter.runCode(stdin, undefined, name)
    )
  return machine.fresh()
}

/** Runs a separate shell: its changes to variables are lost. */
const inNewShell = (interpreter: Interpreter, positional: Arguments, work: () => Value): Value => {
  const { machine } = interpreter
  return machine.scoped(() => {
    machine.frame = { positional: positional.map(valueOf), name: "shell", locals: [] }
    return work()
  })
}

/** Runs a file with shell code, as far as the script has created it. */
const runPath = (
  interpreter: Interpreter,
  by: string,
  file: Argument,
  args: Arguments,
  stdin: Value | undefined,
  here: boolean
): Value => {
  const { machine } = interpreter
  if (/^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/.test(file.text)) {
    return stdin === undefined
      ? machine.fresh()
      : here
        ? interpreter.runCode(stdin, undefined, by)
        : inNewShell(interpreter, args, () => interpreter.runCode(stdin, undefined, by))
  }
  reportDisguisedFile(machine, by, file.text)
  const value = machine.file(file.text, stdin)
  if (value === undefined || file.text === ownPath) return machine.fresh()
  if (file.text.startsWith("/dev/fd/")) {
    return here
      ? interpreter.runCode(value, stdin, by)
      : inNewShell(interpreter, args, () => interpreter.runCode(value, stdin, by))
  }
  if (!here) return runFileValue(interpreter, value, args, stdin, by)
  interpreter.reportOrigin(value.origin, by, "a file")
  return interpreter.runCode({ texts: value.texts, origin: undefined }, stdin, by)
}

/** Runs what a launcher launches. */
const runLauncher = (
  interpreter: Interpreter,
  launcher: Launcher,
  name: string,
  args: Arguments,
  stdin: Value | undefined
): Value | undefined => {
  const { machine } = interpreter
  if (name === "sudo" || name === "doas" || name === "pkexec" || name === "su") machine.fact("needsRoot", "", name)
  if (name === "exec" && /^-[a-z]*a$/.test(textOf(args[0]))) renamed(interpreter, textOf(args[1]), textOf(args[2]))
  const code = codeOf(launcher, args)
  if (code !== undefined) return inNewShell(interpreter, [], () => interpreter.runCode(code, stdin, name))
  let operands = launcher.operands ?? 0
  let at = 0
  for (; at < args.length; at++) {
    const text = textOf(args[at])
    if (launcher.inert?.includes(text) === true)
      return name === "command" && machine.capturing > 0 ? located(args.slice(at).map(textOf)) : empty
    if (text === "--") {
      if (operands > 0) continue
      at += 1
      break
    }
    if (launcher.valued?.includes(text) === true) at += 1
    else if (/^[-+]./.test(text)) continue
    else if (
      /^(?:[A-Za-z_]\w*|BASH_FUNC_[^=]{1,80})=/.test(text) &&
      operands === 0 &&
      /^(?:sudo|doas|env|systemd-run|run0)$/.test(name)
    )
      setVariable(interpreter, name, text)
    else if (operands > 0) operands -= 1
    else break
  }
  const rest = args.slice(at)
  if (launcher.rest === "command" && rest.length > 0) {
    // The command runs in a separate environment, without the functions of the script.
    return name === "exec" || name === "command" || name === "builtin" || name === "time" || name === "coproc"
      ? invokePast(interpreter, name, rest, stdin)
      : machine.scoped(() => interpreter.invoke(rest, stdin))
  }
  if (launcher.rest === "code" && rest.length > 0) {
    const output = runRest(interpreter, name, rest, stdin)
    return remoteShells.test(name) ? machine.fresh({ kind: "fetched", source: textOf(args[at - 1]) }) : output
  }
  const startsShell =
    launcher.shellWithout === true ||
    (name === "sudo" && args.some(({ text }) => /^(?:-[a-z]*[is]|--shell|--login)$/.test(text)))
  if (startsShell && stdin !== undefined)
    return inNewShell(interpreter, [], () => interpreter.runCode(stdin, undefined, name))
  if (name === "exec" && stdin !== undefined) machine.shellInput = stdin
  return launcher.rest === "nothing" ? undefined : machine.fresh(stdin?.origin)
}

/** `exec -a NAME program` shows another name in the list of processes. A dash only makes a shell a login shell. */
const renamed = ({ machine }: Interpreter, shown: string, program: string): void => {
  if (!isOpen(shown) && baseName(shown.replace(/^-/, "")) !== baseName(program))
    machine.fact("misleadsReader", shown, "exec", "shows another name in the list of processes")
}

/** Launchers that run the code on another host, so that its output comes from there. */
const remoteShells = /^(?:ssh|dbclient|rsh|pdsh|clush)$/

/** `command x` and `builtin x` call `x` itself, not the function of that name. */
const invokePast = (interpreter: Interpreter, name: string, rest: Arguments, stdin: Value | undefined): Value => {
  const { machine } = interpreter
  const called = textOf(rest[0])
  const own = name === "command" || name === "builtin" || name === "exec" ? machine.functions.get(called) : undefined
  if (own === undefined) return interpreter.invoke(rest, stdin)
  machine.functions.delete(called)
  const output = interpreter.invoke(rest, stdin)
  machine.functions.set(called, own)
  return output
}

const setVariable = ({ machine }: Interpreter, by: string, text: string): void => {
  const at = text.indexOf("=")
  if (text.startsWith("BASH_FUNC_") || /^\(\)\s*\{/.test(text.slice(at + 1)))
    machine.fact("misleadsReader", text, by, "gives the shells that it starts a function")
  machine.scoped(() => machine.assign(text.slice(0, at), constant(text.slice(at + 1)), by))
}

/** Runs what follows the operands. ssh, watch and parallel join these words to code. */
const runRest = (interpreter: Interpreter, name: string, rest: Arguments, stdin: Value | undefined): Value => {
  const end = name === "parallel" ? rest.findIndex(({ text }) => /^::::?\+?$/.test(text)) : -1
  const words = end === -1 ? rest : rest.slice(0, end)
  const items = end === -1 ? [] : rest.slice(end + 1).map(({ text }) => text)
  const template = words.map(({ text }) => text).join(" ")
  const texts =
    items.length === 0
      ? [template]
      : items
          .slice(0, 16)
          .map((item) => (template.includes("{}") ? template.replaceAll("{}", () => item) : `${template} ${item}`))
  // A command for another host may contain what that host has answered.
  const origin = remoteShells.test(name) && !interpreter.isWholly(template) ? undefined : originAmong(words)
  return inNewShell(interpreter, [], () => interpreter.runCode({ texts, origin }, stdin, name))
}

/** The value of an option that takes code. */
const codeOf = ({ code, inert: _, valued }: Launcher, args: Arguments): Value | undefined => {
  if (code === undefined) return undefined
  for (const [at, { origin, text }] of args.entries()) {
    if (text === "--") return undefined
    const before = textOf(args[at - 1])
    if (at > 0 && valued?.includes(before) === true) continue
    if (code.includes(text) || (/^-[a-zA-Z]*c$/.test(text) && code.includes("-c"))) {
      const next = args[at + 1]
      return next === undefined ? undefined : valueOf(next)
    }
    const long = code.find((option) => option.startsWith("--") && text.startsWith(`${option}=`))
    if (long !== undefined) return constant(text.slice(long.length + 1), origin)
    // A short option may be followed by its value directly.
    if (code.includes("-c") && /^-c./.test(text) && !text.startsWith("--")) return constant(text.slice(2), origin)
  }
  return undefined
}

const runCodeOptions = (interpreter: Interpreter, name: string, args: Arguments, stdin: Value | undefined): void => {
  const options = codeOptions.get(name)
  if (options === undefined) return
  // The command reads what the archive contains.
  const file =
    name === "tar"
      ? args.find(({ text }, at) => at > 0 && /^-?[a-zA-Z]*f$/.test(textOf(args[at - 1])) && text !== "-")
      : undefined
  const archive = file === undefined ? stdin : interpreter.machine.file(file.text, stdin)
  for (const [at, { origin, text }] of args.entries()) {
    const option = options.find(
      (option) => text === option || (option.startsWith("--") && text.startsWith(`${option}=`))
    )
    const value =
      option === undefined
        ? undefined
        : text === option
          ? args[at + 1]
          : { text: text.slice(option.length + 1), origin }
    if (value !== undefined) {
      // In an editor, a shell command begins with `!`.
      const code = value.text.replace(/^:?(?:silent )?!/, "")
      interpreter.runCode(constant(code, value.origin), archive, name)
    }
  }
}

/** Settings among the arguments that take shell code. */
const packageHook = /^(?:-o)?\s?(?:apt|dpkg)::[\w:-]*(?:invoke|pkgs|command|proxy-auto-detect)[\w:-]*=\s?(.+)$/is

const codeSettings: ReadonlyMap<string, RegExp> = new Map([
  ...["apt", "apt-get", "aptitude"].map((name) => [name, packageHook] as const),
  ["dpkg", /^--(?:pre-invoke|post-invoke|status-logger)=(.+)$/is],
  ["ssh", /^(?:-o)?\s?(?:ProxyCommand|LocalCommand|KnownHostsCommand)[= ]\s?(.+)$/is],
  ["scp", /^(?:-o)?\s?(?:ProxyCommand|LocalCommand|KnownHostsCommand)[= ]\s?(.+)$/is],
  ["sftp", /^(?:-o)?\s?(?:ProxyCommand|LocalCommand|KnownHostsCommand)[= ]\s?(.+)$/is],
  [
    "git",
    /^(?:core\.(?:sshCommand|pager|editor|fsmonitor)|alias\.[\w-]+|credential\.helper|sequence\.editor|diff\.external)=!?(.+)$/is
  ]
])

const runCodeSettings = (interpreter: Interpreter, name: string, args: Arguments): void => {
  const setting = codeSettings.get(name)
  if (setting === undefined) return
  for (const { origin, text } of args) {
    const code = setting.exec(text.slice(0, 10_000))?.[1]
    if (code !== undefined) interpreter.runCode(constant(code, origin), undefined, name)
  }
}

const env = (interpreter: Interpreter, args: Arguments, stdin: Value | undefined): Value => {
  for (const [at, { origin, text }] of args.entries()) {
    const inline = /^(?:-[a-z]*S|--split-string=)(.+)$/s.exec(text)?.[1]
    if (inline !== undefined || text === "-S" || text === "--split-string") {
      const code = inline ?? textOf(args[at + 1])
      const rest = args.slice(inline === undefined ? at + 2 : at + 1)
      return interpreter.runCode(constant(`${code} ${quoted(rest)}`, origin), stdin, "env")
    }
  }
  return runLauncher(interpreter, launchers.get("env") ?? { rest: "command" }, "env", args, stdin) ?? empty
}
