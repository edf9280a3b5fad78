/** The names of the config file. They are checked at each start, so this module imports almost nothing. */
import * as fs from "node:fs"
import * as path from "node:path"

/** The first existing name counts. `bin/launch.cjs` uses the same names. */
export const names = ["privx-kit.config.ts", "privx-kit.config.mts", "privx-kit.config.js", "privx-kit.config.mjs"]

/** The config file of a directory, if there is one. */
export const find = (directory: string | undefined = workingDirectory()): string | undefined =>
  directory === undefined
    ? undefined
    : names.map((name) => path.join(directory, name)).find((file) => fs.existsSync(file))

/** `undefined` if it has been removed. */
const workingDirectory = (): string | undefined => {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
