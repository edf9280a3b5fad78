/** Where a config file is looked for. It is looked for at each start, so this loads nothing. */
import * as fs from "node:fs"
import * as path from "node:path"

/** In this order; the first one that exists is the one. `bin/launch.cjs` looks for the same names. */
export const names = ["privx-kit.config.ts", "privx-kit.config.mts", "privx-kit.config.js", "privx-kit.config.mjs"]

/** The config file of a directory, if there is one. */
export const find = (directory: string | undefined = workingDirectory()): string | undefined =>
  directory === undefined
    ? undefined
    : names.map((name) => path.join(directory, name)).find((file) => fs.existsSync(file))

/** None where it has been removed. */
const workingDirectory = (): string | undefined => {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
