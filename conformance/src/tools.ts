/** Other people's programs, run with files of their own. */
import { documents, type Name, names } from "./documents.ts"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export const home = path.join(import.meta.dirname, "..")

/** A directory with the documents as files, which goes away with `close`. */
export const workspace = () => {
  // Inside this package, so that generated code finds its dependencies.
  const directory = fs.mkdtempSync(path.join(home, ".generated-"))
  for (const name of names) {
    fs.writeFileSync(path.join(directory, `${name}.json`), JSON.stringify(documents[name], undefined, 2))
  }
  return {
    directory,
    document: (name: Name) => path.join(directory, `${name}.json`),
    close: () => fs.rmSync(directory, { recursive: true, force: true })
  }
}

/** Nothing of these tools is to look for updates or send statistics. */
const quiet = { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", CI: "true", NO_COLOR: "1" }

/** Runs a program of this package's dependencies; returns what it printed and how it ended. */
export const tool = (name: string, args: ReadonlyArray<string>, cwd = home) => {
  const { error, status, stderr, stdout } = spawnSync(path.join(home, "node_modules/.bin", name), args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...quiet, HOME: os.tmpdir() },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000
  })
  return { status, output: `${stdout}${stderr}${error === undefined ? "" : error.message}` }
}
