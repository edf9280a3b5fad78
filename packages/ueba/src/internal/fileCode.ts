/** Runs a file that the script has written or downloaded. */
import type { Argument, Interpreter } from "./interpretation.ts"
import { constant, plain, type Value } from "./shellValue.ts"

/** The words as source code. */
export const quoted = (args: ReadonlyArray<Argument>): string =>
  args.map(({ text }) => (/^[\w./:=@%+,~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)).join(" ")

/** Runs the content of a file in the language that its first line names. */
export const runFileValue = (
  interpreter: Interpreter,
  value: Value,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined,
  by: string
): Value => {
  const { machine } = interpreter
  interpreter.reportOrigin(value.origin, by, "a file")
  const texts = value.texts.filter((text) => !/^#!.*(?:python|perl|ruby|node|php|lua|awk)/.test(text.slice(0, 200)))
  if (texts.every((text) => plain(text) === "\u0000")) return machine.fresh()
  return machine.scoped(() => {
    machine.frame = {
      positional: args.map(({ origin, text }) => constant(text, origin)),
      name: `file ${by}`,
      locals: []
    }
    return interpreter.runCode({ texts, origin: undefined }, stdin, by)
  })
}
