/** The builtins of a shell that change its state: variables, arguments, directory, aliases, traps. */
import type { Argument, Interpreter } from "./interpretation.ts"
import { aliasesCommand } from "./misleadingNames.ts"
import { operandsOf } from "../rules/fileEffects.ts"
import { listed } from "./listCommands.ts"
import { anyHome, constant, empty, fieldBreak, isOpen, type Origin, type Value } from "../values/shellValue.ts"
import { written } from "./textOutput.ts"

interface Builtin {
  /** Whether this rule applies to the arguments. */
  readonly accepts: (args: ReadonlyArray<Argument>) => boolean
  readonly run: (interpreter: Interpreter, args: ReadonlyArray<Argument>, stdin: Value | undefined) => Value
}

const always = (run: Builtin["run"]): Builtin => ({ accepts: () => true, run })

const assignment = /^([A-Za-z_]\w*)(\+?)=/

const declare =
  (local: boolean): Builtin["run"] =>
  ({ machine }, args) => {
    for (const { origin, text } of args) {
      const match = assignment.exec(text.slice(0, 300))
      const name = match?.[1] ?? text
      if (!/^[A-Za-z_]\w*$/.test(name)) continue
      if (local) machine.local(name)
      if (match !== null && args[0]?.text === "-n") machine.references.set(name, text.slice(match[0].length))
      else if (match !== null) {
        const value = constant(text.slice(match[0].length), origin)
        if (local) machine.replace(name, value)
        machine.assign(name, value)
      } else if (local) machine.replace(name, constant(""))
    }
    return empty
  }

const set: Builtin["run"] = ({ machine }, args) => {
  const texts = args.map(({ text }) => text)
  if (texts.includes("history") && texts.includes("+o")) {
    machine.fact("weakensDefence", "history", "set", "keeps commands out of the history")
  }
  for (const [at, text] of texts.entries()) {
    if (/^[-+][a-zA-Z]*e/.test(text) || (/^[-+][a-zA-Z]*o$/.test(text) && texts[at + 1] === "errexit"))
      machine.endsOnFailure = text.startsWith("-")
  }
  const start = texts.indexOf("--")
  const from = start === -1 ? (/^[-+]/.test(texts[0] ?? "-") ? -1 : 0) : start + 1
  if (from !== -1) machine.frame.positional = args.slice(from).map(({ origin, text }) => constant(text, origin))
  return empty
}

const read: Builtin["run"] = ({ machine }, args, stdin) => {
  const texts = args.map(({ text }) => text)
  const names = operandsOf(texts, /^-[a-zA-Z]*[adinNptu]$/).filter((name) => /^[A-Za-z_]\w*$/.test(name))
  const array = texts.indexOf("-a")
  const descriptor = texts.indexOf("-u")
  const input = descriptor === -1 ? stdin : machine.file(`/dev/fd/${texts[descriptor + 1]}`, stdin)
  const known =
    input !== undefined && input.texts.every((text) => !isOpen(text) || /^[/~]/.test(text))
      ? input.texts.flatMap((text) => listed(text).slice(0, 64))
      : undefined
  // The newest alternative: `while IFS=: read …` sets it for this command.
  const separators = (machine.variables.get("IFS")?.texts.at(-1) ?? "").slice(0, 8)
  // Fields that `IFS` separates by something other than a blank are data. If they are run, the command was hidden.
  const takenApart: Origin | undefined = /[^\s]/.test(separators) ? { kind: "hidden", source: "read" } : undefined
  const all = array === -1 ? names : [texts[array + 1] ?? ""]
  if (all.length === 0) all.push("REPLY")
  const isUsers = input?.origin?.source === "/etc/passwd" && separators.includes(":")
  all.slice(0, 64).forEach((name, at) => {
    if (isUsers && at === 5) return machine.assign(name, anyHome)
    const values = known?.map((line) => {
      if (array === -1 && all.length === 1) return line
      const fields = fieldsAt(line, separators)
      if (array !== -1) return fields.join(fieldBreak)
      return at === all.length - 1 ? fields.slice(at).join(separators.charAt(0) || " ") : (fields[at] ?? "")
    })
    machine.assign(
      name,
      values === undefined || values.length === 0
        ? machine.fresh(input === undefined ? undefined : (input.origin ?? { kind: "data", source: "read" }))
        : { texts: [...new Set(values)].slice(0, 16), origin: input?.origin ?? takenApart }
    )
  })
  return empty
}

/** The fields of a line, as `read` splits it. */
const fieldsAt = (line: string, separators: string): ReadonlyArray<string> => {
  if (separators === "") return [line]
  if (/^\s+$/.test(separators)) return line.trim().split(/[ \t]+/)
  const fields: Array<string> = [""]
  for (const character of line) {
    if (separators.includes(character)) fields.push("")
    else fields[fields.length - 1] += character
  }
  return fields
}

const changeDirectory: Builtin["run"] = ({ machine }, args) => {
  const to = args.map(({ text }) => text).find((text) => !/^-[LPe@]+$|^--$/.test(text)) ?? "~"
  machine.directoryUnchecked = false
  machine.directory = to === "-" ? machine.fresh().texts[0] : machine.absolute(to)
  return empty
}

const mapfile: Builtin["run"] = ({ machine }, args, stdin) => {
  const name = args.at(-1)?.text ?? "MAPFILE"
  machine.assign(
    name,
    stdin === undefined
      ? machine.fresh()
      : { texts: stdin.texts.map((text) => text.trimEnd().split("\n").join(fieldBreak)), origin: stdin.origin }
  )
  return empty
}

export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [
    "export",
    always((interpreter, args, stdin) => {
      if (args.some(({ text }) => /^IFS(?:=|$)/.test(text)))
        interpreter.machine.fact("misleadsReader", "IFS", "export", "makes later commands split their words elsewhere")
      return declare(false)(interpreter, args, stdin)
    })
  ],
  ["readonly", always(declare(false))],
  ["declare", always(declare(true))],
  ["typeset", always(declare(true))],
  ["local", always(declare(true))],
  ["set", always(set)],
  ["read", always(read)],
  ["mapfile", always(mapfile)],
  ["readarray", always(mapfile)],
  [
    "shift",
    always(({ machine }, args) => {
      machine.frame.positional = machine.frame.positional?.slice(Number(args[0]?.text ?? 1) || 1)
      return empty
    })
  ],
  ["cd", always(changeDirectory)],
  ["pushd", always(changeDirectory)],
  [
    "popd",
    always(({ machine }) => {
      machine.directory = machine.fresh().texts[0]
      return empty
    })
  ],
  [
    "unset",
    always(({ machine }, args) => {
      for (const { text } of args) {
        if (/^HIST(?:FILE|SIZE)$/.test(text))
          machine.fact("weakensDefence", "history", "unset", "keeps commands out of the history")
        machine.unset(text)
        if (args[0]?.text === "-f") machine.functions.delete(text)
      }
      return empty
    })
  ],
  [
    "alias",
    always(({ machine }, args) => {
      for (const { origin, text } of args) {
        const at = text.indexOf("=")
        if (at <= 0) continue
        machine.aliases.set(text.slice(0, at), constant(text.slice(at + 1), origin))
        aliasesCommand(machine, text.slice(0, at), text.slice(at + 1))
      }
      return empty
    })
  ],
  [
    "printf",
    {
      accepts: (args) => args[0]?.text === "-v",
      run: ({ machine }, args) => {
        machine.assign(args[1]?.text ?? "", written(machine, "printf", args.slice(2)))
        return empty
      }
    }
  ],
  [
    "trap",
    {
      accepts: (args) => args.length > 0,
      run: (interpreter, args) => {
        const operands = args.filter(({ text }) => !/^-[lp-]?$/.test(text))
        const [code] = operands
        if (operands.slice(1).some(({ text }) => text === "DEBUG"))
          interpreter.machine.fact("misleadsReader", "DEBUG", "trap", "runs code before every command")
        if (code !== undefined && operands.length > 1) interpreter.defer(constant(code.text, code.origin), "trap")
        return empty
      }
    }
  ],
  [
    "hash",
    {
      accepts: (args) => args.some(({ text }) => text === "-p"),
      run: ({ machine }, args) => {
        machine.fact("misleadsReader", args.at(-1)?.text ?? "", "hash", "makes a name call another program")
        return empty
      }
    }
  ],
  [
    "enable",
    {
      accepts: (args) => args.some(({ text }) => text === "-f" || text === "-n"),
      run: ({ machine }, args) => {
        machine.fact("misleadsReader", args.at(-1)?.text ?? "", "enable", "gives a builtin another meaning")
        return empty
      }
    }
  ]
])
