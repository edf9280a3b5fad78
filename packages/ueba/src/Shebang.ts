/**
 * The first line of a script, which says what runs it: `#!/bin/sh`, `#!/usr/bin/env bash`, `#!/bin/bash -eu`.
 *
 * It is read as Linux reads it: `#!` must be the first two bytes, the interpreter is an absolute path, and whatever
 * follows it is handed on as **one** argument.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

/**
 * The shells that a script may ask for. `zsh`, `fish` and others are none of them: no parser here could judge such a
 * script.
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
  /** The line as it stands, without its end. */
  readonly line: string
  readonly shell: Shell
  /** What is odd about it without being wrong, for a person to read. */
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
 * Reads the first line of a script; fails with what is wrong with it.
 *
 * @since 0.1.0
 * @category decoding
 */
export const read = (text: string): Result.Result<Shebang, string> => {
  if (text.startsWith("\ufeff")) {
    return Result.fail("a byte order mark stands before the first line, so the kernel does not see its #!")
  }
  const end = text.indexOf("\n")
  const line = end === -1 ? text : text.slice(0, end)
  if (!line.startsWith("#!")) {
    return Result.fail(
      text === ""
        ? "there is no first line"
        : /^\s+#!/.test(text.slice(0, lineLimit))
          ? "white space stands before #!, so the kernel does not see it"
          : `does not begin with #! but with ${line.trim() === "" ? "an empty line" : line.slice(0, 40)}`
    )
  }
  if (line.length > lineLimit) return Result.fail(`the first line is longer than ${lineLimit} characters`)
  if (line.endsWith("\r")) {
    return Result.fail("the first line ends with a carriage return, which becomes part of the interpreter's name")
  }
  const [, path, argument = ""] = /^#![ \t]*(\S+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
  if (path === undefined) return Result.fail("the first line names no interpreter")
  if (!path.startsWith("/")) return Result.fail(`"${path}" is no absolute path`)
  return interpret(line, path, argument)
}

const interpret = (line: string, path: string, argument: string): Result.Result<Shebang, string> => {
  const words = argument === "" ? [] : argument.split(/[ \t]+/)
  const launcher = baseName(path)
  const launched = launcher === "env" || launcher === "busybox"
  const split = launcher === "env" && (words[0] === "-S" || words[0] === "--split-string")
  const [program, ...rest] = launched ? (split ? words.slice(1) : words) : [path, ...words]
  if (program === undefined) return Result.fail(`${path} is given no shell to run`)

  const shell = shells.get(baseName(program))
  if (shell === undefined) {
    return Result.fail(`"${baseName(program)}" is none of the known shells: ${[...shells.keys()].join(", ")}`)
  }
  const operand = rest.find((word) => !/^[-+]/.test(word))
  if (operand !== undefined && !/^[-+]o$/.test(rest[rest.indexOf(operand) - 1] ?? "")) {
    return Result.fail(`the shell is given "${operand}" to run instead of the script`)
  }
  return Result.succeed({
    line,
    shell,
    concern:
      !split && words.length > 1
        ? `Linux hands "${argument}" to ${path} as one argument`
        : usualPlaces.has(path.slice(0, path.lastIndexOf("/")))
          ? undefined
          : `${path} is an unusual place`
  })
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)
