/**
 * Builds the program once, in its published form, for all tests that start it as a process. From its sources, each
 * process would take four times as long to load.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { build } from "rolldown"
import type { TestProject } from "vitest/node"
import config from "../../rolldown.config.ts"

const app = path.join(import.meta.dirname, "..", "..")

declare module "vitest" {
  interface ProvidedContext {
    /** The directory of the built program. */
    readonly program: string
  }
}

export default async ({ provide }: TestProject) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-program-"))
  await build({
    ...config,
    cwd: app,
    logLevel: "silent",
    output: { ...config.output, dir: path.join(directory, "dist"), cleanDir: false }
  })
  for (const part of ["bin", "sql"]) fs.cpSync(path.join(app, part), path.join(directory, part), { recursive: true })
  fs.copyFileSync(path.join(app, "package.json"), path.join(directory, "package.json"))
  provide("program", directory)
  return () => fs.rmSync(directory, { recursive: true, force: true })
}
