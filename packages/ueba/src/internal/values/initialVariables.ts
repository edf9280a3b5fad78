/** The variables that a shell has before the script sets any. */
import { constant, named, ownPath, type Value } from "./shellValue.ts"

export const initialVariables: ReadonlyArray<readonly [string, Value]> = [
  ["HOME", constant("~")],
  ["SHELL", constant("/bin/bash")],
  ["BASH", constant("/bin/bash")],
  ["0", constant(ownPath)],
  ["BASH_SOURCE", constant(ownPath)],
  ["IFS", constant(" \t\n")],
  ...["$", "!", "?", "#", "-", "PWD", "RANDOM", "UID", "EUID", "PPID", "HOSTNAME", "LINENO", "SECONDS", "OSTYPE"].map(
    (name) => [name, named(name, "\u0001")] as const
  )
]
