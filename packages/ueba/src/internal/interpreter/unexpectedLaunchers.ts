/**
 * Features with which programs that are not launchers run a command: `sed e`, `syscmd` of m4, `!` of dc, editors,
 * debuggers and database clients, checkpoints of tar. Few readers know them, so each is reported, and the command is
 * interpreted.
 */
import type { Argument, Interpreter } from "./interpretation.ts"
import { constant, isOpen, type Value } from "../values/shellValue.ts"

interface Feature {
  /** Finds the command in one line of an argument or of the input. */
  readonly line: RegExp
  /** Also reads commands from standard input. */
  readonly reads?: true
  /** Limits the search to arguments after these options; without it, every argument counts. */
  readonly options?: RegExp
}

const editor: Feature = {
  line: /^(?:-c|--cmd=?|\+)?\s*:?(?:silent!? |sil )?(?:\d*r(?:ead)? ?|\d*,?[%$]?w(?:rite)? ?|[%\d,$.]*)!\s*(.+)$/,
  reads: true
}
const client: Feature = {
  line: /^\s*(?:\\!|system\s|\.(?:shell|system)\s|\\copy\b.*\bprogram\s)\s*(.+)$/i,
  reads: true
}
const session: Feature = { line: /^\s*!\s*(.+)$/, reads: true }

const features: ReadonlyMap<string, Feature> = new Map<string, Feature>([
  ["m4", { line: /\be?syscmd\(\s*[`"']?([^)`"']+)/, reads: true }],
  ["dc", { line: /^(?:-e|--expression=)?\s*(?:[^!]{0,200}\s)?!\s*([^<>=\s].*)$/, reads: true }],
  ["ed", session],
  ["red", session],
  ["ex", editor],
  ["vi", editor],
  ["vim", editor],
  ["nvim", editor],
  ["view", editor],
  ["gdb", { line: /^\s*(?:shell|!|python\s.*system\(|call\s.*system\()\s*["']?([^"')]+)/, reads: true }],
  ["mysql", client],
  ["mariadb", client],
  ["psql", client],
  ["sqlite3", client],
  ["ftp", session],
  ["sftp", session],
  ["lftp", session],
  ["mail", { line: /^\s*~!\s*(.+)$/, reads: true }],
  ["mailx", { line: /^\s*~!\s*(.+)$/, reads: true }],
  ["tar", { line: /^(?:--checkpoint-action=)?exec=(.+)$/ }],
  ["bsdtar", { line: /^--use-compress-program=?\s*((?:ba|da)?sh\b.*)$/ }],
  ["zip", { line: /^(.+)$/, options: /^(?:-TT|--unzip-command)$/ }],
  ["tcpdump", { line: /^(.+)$/, options: /^-z$/ }],
  ["gcc", { line: /^(.+)$/, options: /^-wrapper$/ }],
  ["cc", { line: /^(.+)$/, options: /^-wrapper$/ }],
  ["strace", { line: /^\|\s*(.+)$/, options: /^-o$/ }],
  ["make", { line: /^(?:--eval=?)?(?:[^\n]{0,200}\$\(shell\s+|\S+:[^\n]{0,50}[;\t]\s*)([^)\n]+)/ }],
  ["rsync", { line: /^(?:--rsh=|-e)?\s*((?:\/bin\/)?(?:ba|da)?sh\s+-c.*)$/ }],
  ["man", { line: /^(?!(?:cat|less|more|most)\b)(.+)$/, options: /^(?:-P|-H|--pager)$/ }],
  ["git", { line: /^(?:alias\.[\w-]+=!|core\.(?:fsmonitor|pager|editor)=(?=.*(?:sh -c|[;|&]|\$\(|\/tmp\/)))(.+)$/ }],
  ["busctl", { line: /(org\.freedesktop\.systemd1.*(?:StartTransientUnit|StartUnit).*)$/ }],
  ["dbus-send", { line: /(org\.freedesktop\.systemd1.*(?:StartTransientUnit|StartUnit).*)$/ }],
  ["rpm", { line: /%\(([^\n]{1,4000})\)/ }],
  ["rpmbuild", { line: /%\(([^\n]{1,4000})\)/ }],
  ["nmap", { line: /^(?:--script=?)?\s*(.*os\.execute.*)$/ }]
])

/** The text of the report. */
const concern = "runs a command by a feature that few readers know"

export const runUnexpectedly = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): void => {
  if (name === "sed" || name === "gsed") return sed(interpreter, name, args)
  const feature = features.get(name)
  if (feature === undefined) return
  const { machine } = interpreter
  const run = (text: string, value: Value | undefined) => {
    for (const line of text.slice(0, 10_000).split("\n", 100)) {
      const command = feature.line.exec(line.slice(0, 2000))?.[1]
      if (command === undefined) continue
      machine.fact("misleadsReader", command, name, concern)
      machine.scoped(() => interpreter.runCode(constant(command, value?.origin), undefined, name))
    }
  }
  for (const [at, { origin, text }] of args.entries()) {
    if (feature.options === undefined || feature.options.test(args[at - 1]?.text ?? "")) run(text, constant("", origin))
  }
  if (feature.reads === undefined || stdin === undefined) return
  for (const text of stdin.texts) if (!isOpen(text)) run(text, stdin)
}

/** The command `e`, and the flag `e` of `s`. */
const sed = (interpreter: Interpreter, name: string, args: ReadonlyArray<Argument>): void => {
  const { machine } = interpreter
  for (const { origin, text } of args) {
    for (const part of text.slice(0, 10_000).split(/[;\n]/, 100)) {
      const command =
        /^\s*(?:(?:\d+|\$|\/[^/]{0,200}\/)(?:,(?:\d+|\$|\/[^/]{0,200}\/))?)?\s{0,20}!?\{?\s{0,20}e(?:\s+(.+)|\s*)$/.exec(
          part
        )
      const flagged = /^\s*(?:\d+|\$)?\s{0,20}s([/|#,@])[^/|#,@]*\1([^/|#,@]*)\1[gpIMm\d]*e[gpIMm\d]*$/.exec(part)
      const isScript = command !== null && (command[1] !== undefined || text.length > 1)
      if (!isScript && flagged === null) continue
      machine.fact("misleadsReader", part, name, concern)
      const code = command?.[1] ?? flagged?.[2] ?? ""
      if (code !== "") machine.scoped(() => interpreter.runCode(constant(code, origin), undefined, name))
    }
  }
}
