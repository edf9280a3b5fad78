/** Commands that run another for each item of a list: `find`, `xargs` and the jobs of a crontab. */
import { operandsOf } from "../rules/fileEffects.ts"
import type { Argument, Interpreter } from "./interpretation.ts"
import { globMatches } from "../values/glob.ts"
import type { Machine } from "./machine.ts"
import { launchers } from "../rules/launchers.ts"
import { baseName, withoutUnknownStart } from "../values/paths.ts"
import { constant, empty, isKnown, isOpen, plain, type Value } from "../values/shellValue.ts"

type Arguments = ReadonlyArray<Argument>

const textOf = (argument: Argument | undefined): string => argument?.text ?? ""

/** The lines of a list of paths; its paths may contain unknown parts. */
export const listed = (text: string): ReadonlyArray<string> => {
  const lines = text.split("\n").filter((line) => line !== "")
  return isOpen(text) && !lines.every((line) => /^[/~]/.test(line)) ? [text] : lines
}

/** What `find` finds at `place`, as a path: a name without a pattern is kept. */
export const foundBelow = (machine: Machine, place: string, texts: ReadonlyArray<string>): string => {
  const narrow = texts.some((text, at) => narrowing.test(text) && !/^\*+$/.test(texts[at + 1] ?? ""))
  const name = texts[texts.findIndex((text) => /^-i?name$/.test(text)) + 1] ?? ""
  const below = place === "/" ? "" : place
  if (!narrow) return `${below}/*`
  const named = texts.some((text) => /^-i?name$/.test(text))
  if (named && texts[texts.indexOf("-maxdepth") + 1] === "1" && !isOpen(name)) return `${below}/${name}`
  const inside = `${below}/${machine.fresh(undefined, "\u0001").texts[0]}`
  if (named && /^\*?[\w.-]+\*?$/.test(name) && name.includes("*")) return `${below}/${name}`
  if (named && /^[\w.-]+$/.test(name)) return `${inside}/${name}`
  // The ending of a pattern shows what kind of file it is.
  return named ? `${inside}${/\.\w{1,8}$/.exec(name)?.[0] ?? ""}` : inside
}

/** The file of the script that `find -name` finds. */
const ownFileBelow = (machine: Machine, place: string, texts: ReadonlyArray<string>): string | undefined => {
  const name = texts[texts.findIndex((text) => /^-i?name$/.test(text)) + 1]
  const start = `${machine.absolute(place)}/`.replace("//", "/")
  return name === undefined || !texts.some((text) => /^-i?name$/.test(text))
    ? undefined
    : [...machine.files.keys()].slice(0, 64).find((path) => path.startsWith(start) && globMatches(name, baseName(path)))
}

/** Tests of `find` that exclude most files. */
const narrowing =
  /^-(?:i?name|i?path|i?wholename|i?regex|[amc]time|[amc]min|newer\w*|user|group|size|empty|inum|perm|links|nouser|nogroup)$/

/** Directories with the files of many programs or persons, of which none can be made again. */
const shared = /^\/(?:boot|etc|home|opt|root|srv|var(?:\/(?:backups|lib|log|mail|spool|www))?)\/?$/

/** Whether the tests of `find` select by kind, age or size only: no name or path of them contains a word. */
const namesNothing = (texts: ReadonlyArray<string>): boolean =>
  texts.every(
    (text, at) =>
      !/^-i?(?:name|path|wholename|regex)$/.test(texts[at - 1] ?? "") || !/\w{3}/.test(text.replace(/\.\w+\*?$/, ""))
  )

export const find = (interpreter: Interpreter, args: Arguments, stdin: Value | undefined): void => {
  const { machine } = interpreter
  const texts = args.map(({ text }) => text)
  let from = 0
  while (/^-(?:[LHP]|D|O\d)$/.test(texts[from] ?? "")) from += texts[from] === "-D" ? 2 : 1
  const tests = texts.findIndex((text, at) => at >= from && /^[-(!]/.test(text))
  const places = texts.slice(from, tests === -1 ? undefined : tests)
  const narrow = texts.some((text, at) => narrowing.test(text) && !/^\*+$/.test(texts[at + 1] ?? ""))
  const remove = (by: string) => {
    // Without a path, `find` works in the current directory; with tests, it works on some of its files.
    for (const place of places.length === 0 && !texts.some((text) => text.startsWith("-type")) ? ["."] : places) {
      if (!narrow || machine.absolute(place) === "/") machine.changedWhole(place, by, "removes")
      else if (shared.test(machine.absolute(place)) && namesNothing(texts))
        machine.fact(
          "removes",
          foundBelow(machine, place, texts),
          by,
          `removes files below ${place}, regardless of their owner`,
          {
            broad: true
          }
        )
      else machine.wrote(place, "rm")
    }
  }
  if (texts.includes("-delete")) remove("find")
  for (const [at, text] of texts.entries()) {
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(text)) continue
    const end = texts.findIndex((text, place) => place > at && (text === ";" || text === "+" || text === "\\;"))
    const command = args.slice(at + 1, end === -1 ? undefined : end)
    const onEach = command.some((argument) => argument.text.includes("{}"))
    if (onEach && /^(?:rm|shred|unlink)$/.test(baseName(textOf(command[0])))) remove(baseName(textOf(command[0])))
    else {
      const [place = "."] = places
      const given =
        /^(?:ch(?:mod|own|grp|attr|con)|setfacl|setfattr)$/.test(baseName(textOf(command[0]))) && !narrow
          ? place
          : (ownFileBelow(machine, place, texts) ?? foundBelow(machine, place, texts))
      interpreter.invoke(
        command.map((argument) => ({ ...argument, text: argument.text.replaceAll("{}", () => given) })),
        stdin
      )
    }
  }
}

export const xargs = (interpreter: Interpreter, args: Arguments, stdin: Value | undefined): Value => {
  const { machine } = interpreter
  const texts = args.map(({ text }) => text)
  const valued = launchers.get("xargs")?.valued ?? []
  let at = 0
  let replace: string | undefined
  let from = stdin
  for (; at < args.length && /^-./.test(textOf(args[at])); at++) {
    const text = texts[at] ?? ""
    const glued = /^-[Ii](.+)$/.exec(text)?.[1] ?? /^--replace=(.+)$/.exec(text)?.[1]
    if (glued !== undefined) replace = glued
    else if (text === "-I") replace = texts[at + 1]
    else if (text === "-i" || text === "--replace") replace = "{}"
    else if (text === "-a" || text.startsWith("--arg-file"))
      from = machine.file(texts[at + 1] ?? "", stdin) ?? machine.fresh({ kind: "data", source: "xargs" })
    if (valued.includes(text) && text !== "--replace") at += 1
    if (text === "--") break
  }
  const command = args.slice(at)
  if (command.length === 0) {
    // Without a command, `xargs` prints the words.
    if (from === undefined || !isKnown(from)) return machine.fresh(from?.origin)
    const between = texts.some((text) => /^-(?:n|L)?1$|^-n$/.test(text)) ? "\n" : " "
    return { texts: from.texts.map((text) => `${text.trim().split(/\s+/).join(between)}\n`), origin: from.origin }
  }
  const wholes = (from ?? machine.fresh()).texts
  let output: Value = empty
  for (const text of wholes) {
    const items = (isOpen(text) ? listed(text) : text.split(/[ \t\n]+/)).filter((item) => item !== "").slice(0, 64)
    const given = items.map((item) => ({ text: item, origin: from?.origin }))
    if (replace === undefined) output = interpreter.invoke([...command, ...given], undefined)
    else {
      const mark = replace
      for (const item of listed(text).slice(0, 16)) {
        output = interpreter.invoke(
          command.map((argument) => ({
            text: argument.text.replaceAll(mark, () => item),
            origin: argument.text.includes(mark) ? from?.origin : argument.origin
          })),
          undefined
        )
      }
    }
  }
  return output
}

/** The jobs of a crontab that the script installs. */
export const crontab = (interpreter: Interpreter, args: Arguments, stdin: Value | undefined): void => {
  const file = operandsOf(
    args.map(({ text }) => text),
    /^-u$/
  )[0]
  const table = file === undefined || file === "-" ? stdin : interpreter.machine.file(file, stdin)
  if (table === undefined) return
  interpreter.reportOrigin(table.origin, "crontab", "a file")
  for (const text of table.texts) {
    for (const line of text.split("\n", 100)) {
      const job = /^\s*(?:@\w+|(?:[\d*,/-]+\s+){4}[\w*,/-]+)\s+(.+)$/.exec(
        withoutUnknownStart(plain(line.slice(0, 4000)))
      )?.[1]
      if (job !== undefined) interpreter.runCode(constant(job), undefined, "crontab")
    }
  }
}
