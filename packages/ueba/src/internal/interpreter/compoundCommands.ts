/** Interprets blocks, conditions and loops: each branch with the values that are known there. Also which of them check a command. */
import type { CompoundCommand, SyntaxNode, Word } from "unbash"
import type { Argument, Interpreter } from "./interpretation.ts"
import { concat, constant, empty, fieldsOf, isOpen, originAmong, type Value } from "../values/shellValue.ts"
import type { Machine } from "./machine.ts"
import { expandWord, isQuoted } from "./wordExpansion.ts"

export const runCompound = (interpreter: Interpreter, node: CompoundCommand, stdin: Value | undefined): Value => {
  const { machine } = interpreter
  switch (node.type) {
    case "BraceGroup":
      return interpreter.run(node.body, stdin)
    case "Subshell":
      return machine.scoped(() => interpreter.run(node.body, stdin))
    case "If": {
      let output = interpreter.run(node.clause, stdin)
      output = interpreter.joined(
        output,
        machine.maybe(() => interpreter.run(node.then, stdin))
      )
      for (const branch of node.elif) {
        output = interpreter.joined(
          output,
          machine.maybe(() => concat(interpreter.run(branch.clause, stdin), interpreter.run(branch.then, stdin)))
        )
      }
      return node.else === undefined
        ? output
        : interpreter.joined(
            output,
            machine.maybe(() => interpreter.run(node.else ?? node.then, stdin))
          )
    }
    case "While":
      return machine.maybe(() =>
        interpreter.joined(interpreter.run(node.clause, stdin), interpreter.run(node.body, stdin))
      )
    case "For":
    case "Select":
      return runFor(interpreter, node.name.value, node.wordlist, node.body, stdin)
    case "ArithmeticFor":
      interpreter.expandAll(node)
      return machine.maybe(() => interpreter.run(node.body, stdin))
    case "Case": {
      expandWord(node.word, interpreter.environment)
      let output = empty
      for (const item of node.items)
        output = interpreter.joined(
          output,
          machine.maybe(() => interpreter.run(item.body, stdin))
        )
      return output
    }
    default:
      return empty
  }
}

const runFor = (
  interpreter: Interpreter,
  name: string,
  wordlist: ReadonlyArray<Word> | undefined,
  body: SyntaxNode,
  stdin: Value | undefined
): Value => {
  const { machine } = interpreter
  const given = wordlist?.flatMap((word): ReadonlyArray<Argument> => {
    const value = expandWord(word, interpreter.environment)
    return value.texts.flatMap((text) =>
      fieldsOf(text, isQuoted(word)).map((field) => ({ text: field, origin: value.origin }))
    )
  })
  const words = [...(given ?? positionalOf(interpreter))]
  if (words.length === 0) words.push({ text: "", origin: undefined })
  let output = empty
  if (words.length <= 256 && words.every(({ text }) => !isOpen(text)) && collects(machine, body)) {
    for (const { origin, text } of words) {
      if (!machine.step()) break
      machine.replace(name, constant(text, origin))
      output = interpreter.joined(output, interpreter.run(body, stdin))
    }
    return output
  }
  // Repeats until every word has been tried or the step budget is used up.
  for (let from = 0; from === 0 || (from < words.length && machine.step()); from += 16) {
    const some = words.slice(from, from + 16)
    const texts = [...new Set(some.map(({ text }) => text))]
    machine.replace(name, { texts, origin: originAmong(some) })
    output = interpreter.joined(
      output,
      machine.maybe(() => interpreter.run(body, stdin))
    )
  }
  return output
}

/** Whether the body of a loop puts a text together, which depends on the order of its words. */
const collects = ({ site }: Machine, body: SyntaxNode): boolean =>
  /\b\w+\+=|\b(\w+)="?\$\{?\1\b|\bprintf\b/.test(site.text.slice(body.pos, Math.min(body.end, body.pos + 2000)))

const positionalOf = ({ machine }: Interpreter): ReadonlyArray<Argument> => {
  const { positional } = machine.frame
  return (positional ?? [machine.fresh()]).flatMap(({ origin, texts }) => texts.map((text) => ({ text, origin })))
}

/** `cd DIR`, or `cd DIR || true`: the script goes on where it fails. */
export const isUncheckedChange = (node: SyntaxNode, endsOnFailure: boolean): boolean => {
  const command = node.type === "Statement" ? node.command : node
  if (command.type === "Command") return !endsOnFailure && command.name?.text === "cd"
  if (command.type !== "AndOr") return false
  const [first, second] = command.commands
  return (
    command.commands.length === 2 &&
    command.operators[0] === "||" &&
    first?.type === "Command" &&
    first.name?.text === "cd" &&
    second?.type === "Command" &&
    /^(?::|true|echo|printf|log)$/.test(second.name?.text ?? "")
  )
}
