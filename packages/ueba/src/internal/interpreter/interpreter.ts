/**
 * Interprets a script abstractly, as a shell would run it, without running anything: each command at least once, with the known values of its
 * words; functions at their calls, with the arguments; data through pipes, files and variables.
 *
 * The work is proportional to the length of the script: calls and code within code are followed only while the step budget of
 * the state (`machine.ts`) lasts. The parser bounds the nesting of syntax, and {@link codeDepthLimit} that of code within code.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import { reportOrigin } from "./codeOrigins.ts"
import type { Assignment, Command, CompoundCommand, Pipeline, Script, SyntaxNode, Word } from "unbash"
import type { Argument, Interpreter } from "./interpretation.ts"
import { assign, declareList, valueOfAssignment } from "./assignments.ts"
import { isUncheckedChange, runCompound } from "./compoundCommands.ts"
import { invoke } from "./invocation.ts"
import { declines } from "../rules/insecureOptions.ts"
import { Machine } from "./machine.ts"
import { reportHiddenName, namesLikeCommands, redefinesCommand, separatorsLeft } from "./misleadingNames.ts"
import { redirected } from "./redirections.ts"
import type { Parser, Site } from "../syntax/shellTree.ts"
import {
  concat,
  constant,
  either,
  empty,
  fieldsOf,
  isKnown,
  isNothingKnown,
  isOpen,
  isWeak,
  type Origin,
  type Value
} from "../values/shellValue.ts"
import { comparesDigest } from "./textOutput.ts"
import { type Environment, expandParts, expandWord, isQuoted } from "./wordExpansion.ts"

/** The maximum nesting of code within code. Readable scripts need less. */
const codeDepthLimit = 12

/** Words of a command that are followed. Millions of them would exhaust the memory of the thread. */
const mostWords = 20_000

export class ScriptInterpreter implements Interpreter {
  readonly machine: Machine
  readonly environment: Environment
  /** Code of traps, which runs at the end. */
  readonly #deferred: Array<() => void> = []
  #pseudoFiles = 0
  readonly #judged = new Map<string, boolean>()
  readonly #consumers = new Map<string, Script>()

  constructor(parser: Parser, root: Site) {
    const machine = new Machine(parser, root)
    this.machine = machine
    this.environment = {
      variable: (name) => (name.endsWith("[@]") ? machine.elements(name.slice(0, -3)) : machine.variable(name)),
      assign: (name, value) => machine.assign(name, value),
      substitute: (script) => this.capture(() => machine.scoped(() => this.#nested(script, undefined))),
      processPath: ({ operator, script }) => {
        this.#pseudoFiles += 1
        const path = `/dev/fd/p${this.#pseudoFiles}`
        if (script === undefined) return constant(path)
        if (operator === ">") this.#consumers.set(path, script)
        else
          machine.setPseudoFile(
            path,
            this.capture(() => machine.scoped(() => this.#nested(script, undefined)))
          )
        return constant(path)
      },
      spend: (characters) => machine.spend(characters),
      separators: () => machine.variables.get("IFS")?.texts[0] ?? " \t\n"
    }
  }

  /** Interprets the whole script, including functions that it defines and never calls. */
  runAll(script: Script, text: string): void {
    const { machine } = this
    machine.endsOnFailure = /^#![^\n]{0,100}\s-[a-z]*e/.test(text)
    this.at({ node: script, text, anchor: undefined }, () => this.#list(script.commands, undefined))
    for (let at = 0; at < this.#deferred.length && at < 1000; at++) this.#deferred[at]?.()
    for (const value of [...machine.aliases.values()].slice(0, 100)) {
      if (!isOpen(value.texts[0] ?? ""))
        machine.maybe(() => machine.scoped(() => this.runCode(value, undefined, "alias")))
    }
    separatorsLeft(machine)
    namesLikeCommands(machine)
    for (const [name, { anchor, node, text }] of machine.functions) {
      if (machine.calledFunctions.has(name)) continue
      machine.calledFunctions.add(name)
      machine.frame = { positional: undefined, name, locals: [] }
      machine.maybe(() => this.at({ node, text, anchor }, () => this.run(node.body, undefined)))
      machine.endFrame(machine.frame)
    }
  }

  /** Runs a node and returns its output, if the output is captured. */
  run(node: SyntaxNode, stdin: Value | undefined): Value {
    const { machine } = this
    switch (node.type) {
      case "Statement": {
        const output = this.run(node.command, stdin)
        if (machine.awaited) {
          // Another command writes to the pipe later.
          machine.awaited = false
          const { frame, site } = machine
          this.#deferred.push(() => {
            machine.frame = frame
            this.at(site, () => machine.scoped(() => this.run(node.command, stdin)))
          })
        }
        return output
      }
      case "Script":
        return this.#nested(node, stdin)
      case "CompoundList":
        return this.#list(node.commands, stdin)
      case "AndOr": {
        let output = empty
        node.commands.forEach((command, at) => {
          const optional = at > 0 && node.operators[at - 1] === "||"
          const next = optional ? machine.maybe(() => this.run(command, stdin)) : this.run(command, stdin)
          // `command -v a || command -v b` prints one of them.
          output =
            optional && output !== empty && next.texts.some((text) => text !== "")
              ? either(output, next)
              : this.joined(output, next)
        })
        return output
      }
      case "Pipeline":
        return this.#pipeline(node, stdin)
      case "Command":
        return this.#command(node, stdin)
      case "Redirected":
        return redirected(this, node.redirects, stdin, (input) => this.run(node.command, input), node)
      case "Function":
        redefinesCommand(machine, node)
        machine.functions.set(node.name.value, {
          node,
          text: machine.site.text,
          anchor: machine.site.anchor,
          definedIn: machine.frame
        })
        return empty
      case "Coproc":
        return this.#coprocess(node.name?.value ?? "COPROC", node.body, stdin)
      case "TestCommand": {
        const { expression } = node
        if (expression.type === "TestBinary") {
          const sides = [expression.left, expression.right].map((word) => expandWord(word, this.environment))
          comparesDigest(
            this,
            sides.map(({ origin, texts }) => ({ text: texts[0] ?? "", origin }))
          )
        } else this.expandAll(node)
        return empty
      }
      case "ArithmeticCommand":
        this.expandAll(node)
        return empty
      default:
        return runCompound(this, node as CompoundCommand, stdin)
    }
  }

  #list(statements: ReadonlyArray<SyntaxNode>, stdin: Value | undefined): Value {
    let output = empty
    for (const statement of statements) {
      output = this.joined(output, this.run(statement, stdin))
      if (isUncheckedChange(statement, this.machine.endsOnFailure)) this.machine.directoryUnchecked = true
    }
    return output
  }

  /** Joins outputs in order, if something reads them. */
  joined(left: Value, right: Value): Value {
    return this.machine.capturing === 0 ? empty : concat(left, right)
  }

  /** Runs `work` with its output captured. */
  capture(work: () => Value): Value {
    const { machine } = this
    machine.capturing += 1
    try {
      return work()
    } finally {
      machine.capturing -= 1
    }
  }

  /** Code within the script. Its positions may refer to a different text. */
  #nested(script: Script, stdin: Value | undefined): Value {
    const { machine } = this
    const { anchor, node, text } = machine.site
    if (script.source === undefined)
      return this.at({ node: script, text, anchor }, () => this.#list(script.commands, stdin))
    return this.at({ node: script, text: script.source, anchor: anchor ?? node.pos }, () =>
      this.#list(script.commands, stdin)
    )
  }

  /** Runs `work` at a place of the script. */
  at<A>(site: Site, work: () => A): A {
    const before = this.machine.site
    this.machine.site = site
    try {
      return work()
    } finally {
      this.machine.site = before
    }
  }

  #pipeline(node: Pipeline, stdin: Value | undefined): Value {
    const { machine } = this
    const before = machine.site
    const shellBefore = machine.shellInPipeline
    const pipelineBefore = machine.pipelineSite
    machine.shellInPipeline = false
    let data = stdin
    node.commands.forEach((command, at) => {
      const last = at === node.commands.length - 1
      const work = () => machine.scoped(() => this.run(command, data))
      // A finding about data from an earlier command of a pipeline shows the whole pipeline.
      machine.pipelineSite = at === 0 ? undefined : { ...before, node }
      data = last && machine.capturing === 0 ? work() : this.capture(work)
    })
    machine.pipelineSite = pipelineBefore
    machine.shellInPipeline = shellBefore
    return data ?? empty
  }

  /** Runs a coprocess, whose output is read by `<&"${NAME[0]}"`. */
  #coprocess(name: string, body: SyntaxNode, stdin: Value | undefined): Value {
    const { machine } = this
    const output = this.capture(() => machine.scoped(() => this.run(body, stdin)))
    // The first file descriptor number that Bash assigns.
    machine.setPseudoFile("/dev/fd/63", output)
    machine.assign(name, constant("63"))
    return empty
  }

  #command(node: Command, stdin: Value | undefined): Value {
    const { machine } = this
    if (!machine.look()) return empty
    return this.at({ ...machine.site, node }, () => {
      const redirects = node.redirects
      return redirects.length === 0
        ? this.#call(node, stdin)
        : redirected(this, redirects, stdin, (input) => this.#call(node, input), node)
    })
  }

  #call(node: Command, stdin: Value | undefined): Value {
    const { machine } = this
    const assignments = node.prefix.filter((item) => item.type === "Assignment")
    if (node.name === undefined) {
      for (const assignment of assignments) assign(this, assignment)
      // `$(<FILE)` is the content of the file.
      return assignments.length === 0 && machine.capturing > 0 ? (stdin ?? empty) : empty
    }
    if (assignments.length > 0) {
      // These assignments apply only during the command; assignments that the command makes, such as `IFS= read -r line`,
      // remain.
      const before = assignments.map(({ name }) => [name, machine.variables.get(name)] as const)
      for (const assignment of assignments) assign(this, assignment)
      const output = this.#callWords(node, node.name, stdin)
      for (const [name, value] of before) {
        if (value === undefined) machine.unset(name, true)
        else machine.replace(name, value)
      }
      return output
    }
    return this.#callWords(node, node.name, stdin)
  }

  #callWords(node: Command, name: Word | undefined, stdin: Value | undefined): Value {
    const { machine } = this
    const values: Array<{ readonly value: Value; readonly quoted: boolean }> = []
    const add = (word: Word) =>
      values.push({ value: expandWord(word, this.environment), quoted: word.parts === undefined || isQuoted(word) })
    const arrays: Array<Assignment> = []
    if (name !== undefined) add(name)
    if (node.args.length > mostWords) machine.incomplete = true
    for (const argument of node.args.slice(0, mostWords)) {
      if (argument.type === "Word") add(argument)
      else if (argument.value.type === "ArrayValue") {
        values.push({ value: constant(argument.name), quoted: true })
        arrays.push(argument)
      } else {
        const value = valueOfAssignment(this, argument)
        const glue = argument.append === true ? "+=" : "="
        values.push({ value: concat(constant(`${argument.name}${glue}`), value), quoted: true })
      }
    }
    if (name !== undefined) reportHiddenName(machine, name, values[0]?.value)
    // Not passed as arguments of one call: a command may have more words than the stack can hold.
    const variants = values.reduce((most, { value }) => Math.max(most, value.texts.length), 0)
    const [called] = values
    if (variants > 1 && called?.value.texts.length === 1 && machine.functions.has(called.value.texts[0] ?? "")) {
      // A function receives all possible values of its arguments at once. Otherwise nested calls would multiply.
      const args = values.slice(1).filter(({ quoted, value }) => quoted || value.texts.some((text) => text !== ""))
      return this.callFunction(
        called.value.texts[0] ?? "",
        args.map(({ value }) => ({ text: value.texts[0] ?? "", origin: value.origin, value })),
        stdin
      )
    }
    let output: Value | undefined
    for (let variant = 0; variant < variants && (variant === 0 || machine.step()); variant++) {
      const fields = values.flatMap(({ quoted, value }): ReadonlyArray<Argument> => {
        const text = value.texts[Math.min(variant, value.texts.length - 1)] ?? ""
        return fieldsOf(text, quoted).map((field) => ({ text: field, origin: value.origin }))
      })
      const result = fields.length === 0 ? empty : invoke(this, fields, stdin)
      const last = fields.at(-1)
      if (last !== undefined) machine.variables.set("_", constant(last.text, last.origin))
      output = output === undefined ? result : either(output, result)
    }
    // `declare -A table=(…)`: the list is one value.
    for (const array of arrays) declareList(this, array)
    return output ?? empty
  }

  /** Whether a text that the script writes declines a verification. The same text may be written many times. */
  #declines(text: string): boolean {
    const before = this.#judged.get(text)
    if (before !== undefined) return before
    const result = this.machine.spend(Math.min(text.length, 65_536) >> 2) && declines(text)
    this.#judged.set(text, result)
    return result
  }

  /** Records that a command writes `value` to a file. A process substitution reads it as its input. */
  write(path: string, value: Value, append: boolean): void {
    const consumer = this.#consumers.get(path)
    if (value.texts.some((text) => this.#declines(text)))
      this.machine.fact("weakensDefence", path, "write", "writes a setting that declines a verification")
    if (consumer === undefined) this.machine.setFile(path, value, append)
    else this.machine.scoped(() => this.#nested(consumer, value))
  }

  /** Expands every word below a node that is not a command, because words may contain commands. */
  expandAll(node: SyntaxNode): void {
    this.machine.parser.forEachChild(node, (child) => {
      if (child.type === "Word" || child.type === "ArithmeticWord") {
        if (child.parts !== undefined) expandParts(child.parts, this.environment, true)
      } else if (child.type === "ArithmeticCommandExpansion") {
        if (child.script !== undefined) this.machine.scoped(() => this.#nested(child.script as Script, undefined))
      } else if (child.type !== "CompoundList") this.expandAll(child)
    })
  }

  /** Runs `value` as shell code, in the current shell. */
  runCode(value: Value, stdin: Value | undefined, by: string): Value {
    const { machine } = this
    if (value.origin !== undefined && (!isWeak(value.origin) || value.texts.some(isNothingKnown)))
      this.reportOrigin(value.origin, by, "code")
    let output: Value | undefined
    for (const text of value.texts) {
      if (!/[a-zA-Z./$`(]/.test(text.slice(0, 4096))) continue
      if (machine.codeDepth >= codeDepthLimit) {
        machine.fact("runsHiddenCode", by, by, "code within code, nested too deeply to be followed")
        continue
      }
      if (!machine.step(1 + (text.length >> 3))) continue
      const { anchor, node } = machine.site
      const site: Site = { node: machine.parser.parse(text), text, anchor: anchor ?? node.pos }
      machine.codeDepth += 1
      const result = this.at(site, () => this.#list((site.node as Script).commands, stdin))
      machine.codeDepth -= 1
      output = output === undefined ? result : either(output, result)
    }
    return output ?? (isKnown(value) ? empty : machine.fresh(value.origin?.kind === "own" ? undefined : value.origin))
  }

  /** Reports code, or a file that contains code, whose origin is not the visible text of the script. */
  reportOrigin(origin: Origin | undefined, by: string, what: "code" | "a file"): void {
    if (origin !== undefined) reportOrigin(this.machine, origin, by, what)
  }

  /** Records that the script has verified the content of a file: running it is not a finding. */
  trustFile(path: string): void {
    const { machine } = this
    const key = machine.absolute(path)
    const value = machine.files.get(key)
    if (value?.origin?.kind === "fetched") machine.files.set(key, machine.fresh())
  }

  /** Runs the code of a trap at the end of the script. */
  defer(value: Value, by: string): void {
    const { machine } = this
    const { frame, site } = machine
    this.#deferred.push(() => {
      machine.frame = frame
      this.at(site, () => machine.maybe(() => this.runCode(value, undefined, by)))
    })
  }

  /** Calls a function of the script. */
  callFunction(name: string, args: ReadonlyArray<Argument>, stdin: Value | undefined): Value {
    const { machine } = this
    const called = machine.functions.get(name)
    if (called === undefined || machine.activeFunctions.has(name) || machine.activeFunctions.size > 40)
      return machine.fresh()
    const again = machine.calledFunctions.has(name)
    if (again && !machine.step()) return machine.fresh()
    machine.calledFunctions.add(name)
    if (again) machine.repeating += 1
    machine.activeFunctions.add(name)
    const { frame } = machine
    machine.frame = {
      positional: args.map(({ origin, text, value }) => value ?? constant(text, origin)),
      name,
      locals: []
    }
    const own = machine.frame
    const { anchor, node, text } = called
    const output = this.at({ node, text, anchor }, () => this.run(node.body, stdin))
    machine.endFrame(own)
    machine.frame = frame
    machine.activeFunctions.delete(name)
    if (again) machine.repeating -= 1
    return output
  }

  /** Calls a command with these words. */
  invoke(args: ReadonlyArray<Argument>, stdin: Value | undefined): Value {
    return invoke(this, args, stdin)
  }

  /** Whether a text is its origin as a whole, and not a path below it. */
  isWholly(text: string): boolean {
    return isOpen(text.slice(0, 1)) && !text.includes("/")
  }
}
