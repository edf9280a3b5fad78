/**
 * The first line of a script, which says what runs it: `#!/bin/sh`, `#!/usr/bin/env bash`, `#!/bin/bash -eu`.
 *
 * It is interpreted like in Linux: `#!` must be the first two bytes, the interpreter is an absolute path, and
 * everything after it is **one** argument. With two arguments, the script does not start.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/**
 * The supported shells. `zsh`, `fish` and others are not supported, because the kit has no parser for them.
 *
 * @since 0.1.0
 * @category models
 */
export type Shell = "sh" | "dash" | "ash" | "bash" | "ksh"

/**
 * @since 0.1.0
 * @category models
 */
export interface Shebang {
  /** The line without its line ending. */
  readonly line: string
  readonly shell: Shell
  /** What is unusual but not wrong, for a person to read. */
  readonly concern: string | undefined
}

const shells = new Map<string, Shell>([
  ["sh", "sh"],
  ["dash", "dash"],
  ["ash", "ash"],
  ["bash", "bash"],
  ["ksh", "ksh"],
  ["ksh93", "ksh"],
  ["mksh", "ksh"]
])

const usualPlaces = new Set(["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"])

/** The kernel reads 256 bytes (BINPRM_BUF_SIZE); a longer line is cut or refused, depending on its version. */
const lineLimit = 255

/**
 * Parses the first line of a script.
 *
 * **Errors**: none are thrown. The `Result` fails with a text that says what is wrong: no `#!`, an unknown shell, or a
 * line with which Linux does not start the script.
 *
 * @param text the whole script, or its first line
 *
 * @example
 * ```ts
 * import * as Shebang from "@privx-kit/ueba/Shebang"
 * import * as Result from "effect/Result"
 *
 * export const shell = Result.map(Shebang.read("#!/usr/bin/env bash\necho hello\n"), ({ shell }) => shell) // bash
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const read = (text: string): Result.Result<Shebang, string> => {
  if (text.startsWith("\ufeff")) {
    return Result.fail("a byte order mark precedes the first line, so the kernel does not recognize its #!")
  }
  const end = text.indexOf("\n")
  const line = end === -1 ? text : text.slice(0, end)
  if (!line.startsWith("#!")) {
    return Result.fail(
      text === ""
        ? "there is no first line"
        : /^\s+#!/.test(text.slice(0, lineLimit))
          ? "white space precedes #!, so the kernel does not recognize it"
          : `does not start with #! but with ${line.trim() === "" ? "an empty line" : line.slice(0, 40)}`
    )
  }
  if (line.length > lineLimit) return Result.fail(`the first line is longer than ${lineLimit} characters`)
  if (line.endsWith("\r")) {
    return Result.fail("the first line ends with a carriage return, which becomes part of the interpreter's name")
  }
  const [, path, argument = ""] = /^#![ \t]*(\S+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
  if (path === undefined) return Result.fail("the first line names no interpreter")
  if (!path.startsWith("/")) return Result.fail(`"${path}" is not an absolute path`)
  return interpret(line, path, argument)
}

const interpret = (line: string, path: string, argument: string): Result.Result<Shebang, string> => {
  const words = argument === "" ? [] : argument.split(/[ \t]+/)
  const launcher = baseName(path)
  const launched = launcher === "env" || launcher === "busybox"
  const split = launcher === "env" && (words[0] === "-S" || words[0] === "--split-string")
  const [program, ...rest] = launched ? (split ? words.slice(1) : words) : [path, ...words]
  if (program === undefined) return Result.fail(`${path} has no shell as its argument`)

  const shell = shells.get(baseName(program))
  if (shell === undefined) {
    return Result.fail(`"${baseName(program)}" is not a known shell: ${[...shells.keys()].join(", ")}`)
  }
  if (!split && words.length > 1) {
    return Result.fail(`Linux passes "${argument}" to ${path} as one argument, so the script does not start`)
  }
  const operand = rest.find((word) => !/^[-+]/.test(word))
  if (operand !== undefined && !/^[-+]o$/.test(rest[rest.indexOf(operand) - 1] ?? "")) {
    return Result.fail(`the shell is given "${operand}" to run instead of the script`)
  }
  return Result.succeed({
    line,
    shell,
    concern: usualPlaces.has(path.slice(0, path.lastIndexOf("/"))) ? undefined : `${path} is an unusual path`
  })
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)
