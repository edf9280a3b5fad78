/** Runs a file that the script itself has written or fetched. */
import type { Argument, Interpreter } from "./interpretation.ts"
import { constant, plain, type Value } from "./shellValue.ts"

/** Words as they would be written in code. */
export const quoted = (args: ReadonlyArray<Argument>): string =>
  args.map(({ text }) => (/^[\w./:=@%+,~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)).join(" ")

/** Runs what a file holds, by its first line. */
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
