/** Runs code in another language: which of the arguments of an interpreter are code, and what that code does. */
import { reportDisguisedFile } from "./fileCode.ts"
import { readForeignCode } from "./foreignCode.ts"
import type { Argument, Interpreter } from "./interpretation.ts"
import type { Language } from "../rules/launchers.ts"
import { concernOf } from "../rules/sensitivePlaces.ts"
import { constant, isOpen, isWeak, type Origin, plain, type Value } from "../values/shellValue.ts"

type Arguments = ReadonlyArray<Argument>

const valueOf = ({ origin, text }: Argument): Value => constant(text, origin)

const textOf = (argument: Argument | undefined): string => argument?.text ?? ""

export const runLanguage = (
  interpreter: Interpreter,
  language: Language,
  name: string,
  args: Arguments,
  stdin: Value | undefined
): Value | undefined => {
  const { machine } = interpreter
  const codes: Array<Value> = []
  const variables: Array<string> = []
  const loaded: Array<string> = []
  let at = 0
  for (; at < args.length; at++) {
    const text = textOf(args[at])
    if (text === "--") {
      at += 1
      break
    }
    const code = language.code.exec(text.slice(0, 64))?.[0]
    const load = language.load.exec(text.slice(0, 64))?.[0]
    if (code !== undefined) {
      const glued = text.startsWith("--")
        ? text.includes("=")
          ? text.slice(text.indexOf("=") + 1)
          : ""
        : text.slice(code.length)
      const next = args[at + 1]
      if (glued !== "") codes.push(constant(glued, args[at]?.origin))
      else if (next !== undefined) {
        codes.push(valueOf(next))
        at += 1
      }
      if (language.name === "Python" || language.name === "Guile") {
        at += 1
        break
      }
    } else if (load !== undefined) {
      const glued = text.slice(load.length).replace(/^=/, "")
      const module = glued === "" ? textOf(args[++at]) : glued
      loaded.push(module)
      if (language.name === "Python") return runModule(interpreter, module, args.slice(at + 1), stdin)
      if (language.name === "awk") {
        interpreter.reportOrigin(machine.file(module, stdin)?.origin, name, "a file")
        return machine.fresh(stdin?.origin)
      }
    } else if (language.name === "awk" && text.startsWith("-v")) {
      variables.push(text.length > 2 ? text.slice(2) : textOf(args[at + 1]))
      if (text.length === 2) at += 1
    } else if (language.valued.test(text)) at += 1
    else if (!/^-./.test(text)) break
  }
  const operands = args.slice(at)
  const modules = loaded.map((module) => `use ${module}; `).join("")
  if (language.operandIsCode === true && codes.length === 0) {
    const program = operands[0]
    if (program !== undefined)
      runLanguageCode(
        interpreter,
        language.name,
        name,
        withVariables(valueOf(program), variables),
        stdin,
        operands.slice(1)
      )
    const made = stdin === undefined && program !== undefined ? madeBy(name, [valueOf(program)]) : undefined
    return made === undefined || machine.capturing === 0 ? undefined : machine.fresh(made)
  }
  for (const module of loaded) {
    if (/^(?:https?:|data:)/.test(module))
      machine.fact(
        "runsFetchedCode",
        module.slice(0, 200),
        name,
        module.startsWith("data:") ? "code is decoded and run" : "code is fetched and run"
      )
    const file = /[./]/.test(module) ? machine.file(module, stdin) : undefined
    if (file !== undefined) interpreter.reportOrigin(file.origin, name, "a file")
  }
  for (const code of codes)
    runLanguageCode(
      interpreter,
      language.name,
      name,
      withVariables({ texts: code.texts.map((text) => modules + text), origin: code.origin }, variables),
      stdin,
      operands
    )
  if (codes.some(({ texts }) => texts.some((text) => printsModulePath.test(text)))) return modulePath
  if (codes.length > 0)
    return machine.capturing === 0 || (/^(?:perl|ruby|awk)/.test(name) && (stdin !== undefined || operands.length > 0))
      ? undefined
      : machine.fresh(stdin?.origin ?? madeBy(name, codes))
  const words = operands.map(({ text }) => text)
  // `deno run URL`
  const skip = /^(?:deno|bun)$/.test(name) && /^(?:run|x|test|task|install)$/.test(words[0] ?? "") ? 1 : 0
  const file = operands.slice(skip).find(({ text }) => skip === 0 || !text.startsWith("-"))
  if (file === undefined || file.text === "-" || file.text === "/dev/stdin") {
    if (stdin === undefined) return machine.fresh()
    runLanguageCode(
      interpreter,
      language.name,
      name,
      { texts: stdin.texts.map((text) => modules + text), origin: stdin.origin },
      undefined,
      operands.slice(1)
    )
    return machine.fresh(stdin.origin)
  }
  if (/^https?:/.test(file.text)) machine.fact("runsFetchedCode", file.text, name, "code is fetched and run")
  if (file.origin !== undefined && !isWeak(file.origin) && interpreter.isWholly(file.text))
    interpreter.reportOrigin(file.origin, name, "code")
  const value = machine.file(file.text, stdin)
  reportDisguisedFile(machine, name, file.text)
  if (value !== undefined && (value.origin?.kind !== "own" || args.some(({ text }) => text === "-x"))) {
    interpreter.reportOrigin(value.origin, name, file.text.startsWith("/dev/fd/") ? "code" : "a file")
    if (!value.texts.some(isOpen))
      runLanguageCode(interpreter, language.name, name, { texts: value.texts, origin: undefined }, stdin)
  }
  return machine.fresh(stdin?.origin)
}

/** Prints where Python looks for modules, and for code that it runs at its start. */
const printsModulePath =
  /\b(?:getsitepackages|getusersitepackages|USER_SITE|get_python_lib|purelib|platlib|site\.__file__)\b/

const modulePath = constant("/usr/lib/python3/dist-packages")

/** `python -m pip install x`, `python -m http.server`. */
const runModule = (interpreter: Interpreter, module: string, args: Arguments, stdin: Value | undefined): Value => {
  const { machine } = interpreter
  if (/^(?:pip|ensurepip|easy_install|pipx)/.test(module))
    return interpreter.invoke([{ text: "pip", origin: undefined }, ...args], stdin)
  if (module === "certifi") return constant("/usr/lib/python3/dist-packages/certifi/cacert.pem")
  if (/^(?:base64|quopri|uu|gzip|zipfile|tarfile)$/.test(module))
    return interpreter.invoke(
      [{ text: module === "base64" ? "base64" : "uudecode", origin: undefined }, ...args],
      stdin
    )
  if (/^(?:http\.server|SimpleHTTPServer|pyftpdlib)/.test(module))
    machine.fact("opensPort", textOf(args[0]) || "8000", module, "serves files to everybody")
  return machine.fresh(stdin?.origin)
}

/** The origin of output that code decodes or assembles from numbers. */
const madeBy = (name: string, codes: ReadonlyArray<Value>): Origin | undefined =>
  codes.some(({ texts }) => texts.some((text) => readForeignCode(plain(text)).decodes))
    ? { kind: "hidden", source: name }
    : undefined

/** Replaces variables of awk by their values where they name a file or a command. */
const withVariables = (code: Value, variables: ReadonlyArray<string>): Value =>
  variables.length === 0
    ? code
    : {
        texts: code.texts.map((text) =>
          variables.slice(0, 16).reduce((program, variable) => {
            const [, name = "", value = ""] = /^(\w{1,40})=([^]{0,4096})$/.exec(variable) ?? []
            return name === "" || program.length > 20_000
              ? program
              : program.replace(
                  new RegExp(`(>>?|\\||\\(|<)\\s{0,8}${name}\\b`, "g"),
                  (_, before: string) => `${before} "${value}"`
                )
          }, text)
        ),
        origin: code.origin
      }

/** Code that reads its input. */
const readsInput = /stdin|STDIN|ARGF|<>|php:\/\/|\bgets\b|io\.read|\$0|read\(0|fd 0|readFileSync\(0/

/** A program of awk that runs what its input contains. */
const runsFields =
  /\bsystem\s{0,4}\(\s{0,4}[^"'\s)]|\|\s{0,4}"(?:\/bin\/)?(?:ba|da)?sh\b|\$\w+\s{0,4}\|&?\s{0,4}getline/

/** Reports what code of `language` does, and runs the commands that it hands to a shell. */
export const runLanguageCode = (
  interpreter: Interpreter,
  language: string,
  name: string,
  code: Value,
  stdin?: Value,
  operands: Arguments = []
): void => {
  const { machine } = interpreter
  if (code.origin !== undefined && !isWeak(code.origin)) interpreter.reportOrigin(code.origin, name, "code")
  for (const text of code.texts) {
    if (!machine.step(1 + (text.length >> 3))) return
    const found = readForeignCode(plain(text))
    const [url = ""] = found.urls
    // The headers of C contain the words of most interfaces.
    if (
      (found.fetches && (language !== "C" || found.runs)) ||
      (found.runs && found.shellCode.some((shell) => /\b(?:curl|wget)\b/.test(shell)))
    )
      machine.fact("runsFetchedCode", url, name, "code in another language that fetches something")
    else if (found.decodes && found.runs) machine.fact("runsHiddenCode", language, name, "code is decoded and run")
    for (const { concern, kind, subject } of found.changes) machine.fact(kind, subject, name, concern)
    if (found.connects) machine.fact("connects", url, name, "opens a connection of its own")
    if (
      stdin?.origin?.kind === "fetched" &&
      found.runs &&
      (language === "awk" ? runsFields : readsInput).test(text.slice(0, 10_000))
    ) {
      interpreter.reportOrigin(stdin.origin, name, "code")
    }
    if (found.shellCode.some((shell) => /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|k|c)?sh(?: -[ip]+)?$/.test(shell)))
      machine.fact("misleadsReader", "sh", name, "starts a shell within another program")
    for (const shell of found.shellCode) {
      if (/[a-z]/.test(shell)) machine.scoped(() => interpreter.runCode(constant(shell), stdin, name))
    }
    if (found.runs)
      for (const decoded of found.decoded) machine.scoped(() => interpreter.runCode(constant(decoded), undefined, name))
    // File names may be arguments as well as literals in the code.
    for (const { text: path } of found.changesFiles || found.removesFiles ? operands.slice(0, 32) : []) {
      if (!/^[/~]/.test(path) || (!found.removesFiles && concernOf(plain(path)) === undefined)) continue
      if (found.removesFiles && /rmtree|remove_tree|rm_r|rmSync/.test(text)) machine.changedWhole(path, name, "removes")
      else machine.wrote(path, found.changesFiles ? name : "rm")
    }
    for (const { kind, path, whole } of found.files) {
      if (!/^[/~]/.test(path)) continue
      if (kind === "removes" && whole) machine.changedWhole(path, name, "removes")
      else machine.wrote(path, kind === "removes" ? "rm" : name)
    }
  }
}
