/** The input that redirections give a command, and the destination of its output. */
import type { Redirection, SyntaxNode } from "unbash"
import type { Interpreter } from "./interpretation.ts"
import { isDisk } from "../values/paths.ts"
import { concat, constant, empty, type Value, withOrigin } from "../values/shellValue.ts"
import { secretIn } from "./textOutput.ts"
import { expandParts, expandWord } from "./wordExpansion.ts"

export const redirected = (
  interpreter: Interpreter,
  redirects: ReadonlyArray<Redirection>,
  stdin: Value | undefined,
  work: (stdin: Value | undefined) => Value,
  node: SyntaxNode
): Value => {
  const { machine } = interpreter
  return interpreter.at({ ...machine.site, node }, () => {
    let input = stdin
    const outputs: Array<{ readonly path: string; readonly append: boolean }> = []
    let kept = true
    for (const redirect of redirects) {
      const descriptor = redirect.descriptor?.type === "FileDescriptor" ? redirect.descriptor.value : undefined
      const file = (value: Value | undefined) => {
        if (descriptor === undefined || descriptor === 0) input = value
        else if (value !== undefined) machine.setPseudoFile(`/dev/fd/${descriptor}`, value)
      }
      if (redirect.type === "HereDoc") file(bodyOf(interpreter, redirect.body.text, redirect.body.parts))
      else if (redirect.target === undefined) continue
      else if (redirect.type === "HereString")
        file(concat(expandWord(redirect.target, interpreter.environment), constant("\n")))
      else {
        const value = expandWord(redirect.target, interpreter.environment)
        if (redirect.operator === "<&" || redirect.operator === ">&") {
          const path = value.texts[0] ?? ""
          if (redirect.operator === "<&" && /^\d+$/.test(path)) file(machine.file(`/dev/fd/${path}`, stdin))
          else if (redirect.operator === ">&" && !/^[\d-]+$/.test(path)) {
            opened(interpreter, path, node)
            if (!isConnection(path)) machine.wrote(path, redirect.operator)
            outputs.push({ path, append: false })
          }
          if (redirect.operator === ">&" && path === "2" && (descriptor ?? 1) === 1) kept = false
          continue
        }
        if (redirect.operator.startsWith("<")) {
          const path = value.texts[0] ?? ""
          file(withOrigin(machine.file(path, stdin) ?? opened(interpreter, path, node), value.origin ?? secretIn(path)))
          if (redirect.operator === "<") continue
        }
        const isOutput = descriptor === undefined || descriptor === 1 || redirect.operator.startsWith("&")
        for (const path of value.texts) {
          opened(interpreter, path, node)
          if (!isConnection(path)) machine.wrote(path, redirect.operator)
          if (isDisk(path)) machine.fact("removes", path, redirect.operator, "writes over a disk", { broad: true })
          if (isOutput && redirect.operator !== "<>") outputs.push({ path, append: redirect.operator.includes(">>") })
        }
      }
    }
    const result = outputs.length === 0 ? work(input) : interpreter.capture(() => work(input))
    for (const { append, path } of outputs) interpreter.write(path, result, append)
    return outputs.length === 0 && kept ? result : empty
  })
}

const isConnection = (path: string): boolean => /^\/dev\/(?:tcp|udp)\/./.test(path)

/** Reports a connection that a redirection opens. Only opening one, or greeting the other side, checks a port. */
const opened = ({ machine }: Interpreter, path: string, node: SyntaxNode): Value => {
  if (!isConnection(path)) return machine.fresh()
  const isCheck =
    node.type === "Command" &&
    (node.name === undefined ||
      /^(?::|true|echo|printf)$/.test(node.name.value) ||
      (node.name.value === "exec" && node.args.length === 0))
  machine.fact(
    "connects",
    path.slice("/dev/tcp/".length).replace("/", ":"),
    "/dev/tcp",
    isCheck ? undefined : "opens a connection of its own"
  )
  return machine.fresh({ kind: "fetched", source: path })
}

const bodyOf = (interpreter: Interpreter, text: string, parts: ReadonlyArray<SyntaxNode> | undefined): Value => {
  return parts === undefined ? constant(text) : expandParts(parts, interpreter.environment, true)
}
