/** Runs a file that the script has written or downloaded. */
import type { Argument, Interpreter } from "./interpretation.ts"
import type { Machine } from "./machine.ts"
import { constant, plain, type Value } from "../values/shellValue.ts"

/** The words as source code. */
export const quoted = (args: ReadonlyArray<Argument>): string =>
  args.map(({ text }) => (/^[\w./:=@%+,~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)).join(" ")

/** Reports a file that is named like data, or hidden where everybody can write, and run as code. */
export const reportDisguisedFile = (machine: Machine, by: string, path: string): void => {
  if (path.length > 1000) return
  if (namedLikeData.test(path)) machine.fact("misleadsReader", path, by, "runs a file that is named like data")
  else if (/^\/(?:tmp|var\/tmp|dev\/shm|run\/shm)\/(?:[^/]+\/){0,8}\.[\w-]/.test(path) || path.startsWith("/dev/shm/"))
    machine.fact("misleadsReader", path, by, "runs a file where few people look")
}

const namedLikeData =
  /\.(?:png|jpe?g|gif|svg|ico|bmp|webp|pdf|docx?|xlsx?|csv|mp[34]|wav|ttf|woff2?|css|html?|zip|gz|xz|bz2|zst|dat|log)$/i

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
