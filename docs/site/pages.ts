/** The Markdown pages that people write, and how a tool is run over them. */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

export const docs = path.join(import.meta.dirname, "..")

export const root = path.join(docs, "..")

/** What is wrong, one line each. */
export type Problems = ReadonlyArray<string>

/** The documents of the repository: those of this directory, and those beside the code. */
export const documents = (): ReadonlyArray<string> =>
  [
    ...fs.globSync("*.md", { cwd: root }),
    ...fs.globSync("{packages,apps}/*/README.md", { cwd: root }),
    ...fs.globSync("docs/{*.md,{tutorial,how-to,explanation,reference,decisions}/**/*.md}", { cwd: root })
  ]
    .filter((file) => !file.includes("node_modules"))
    .toSorted()

export const read = (document: string): string => fs.readFileSync(path.join(root, document), "utf8")

export const run = (command: string, args: ReadonlyArray<string>): Problems => {
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    cwd: docs,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 15 * 60_000
  })
  if (status === 0) return []
  const output = `${stdout ?? ""}\n${stderr ?? ""}\n${error?.message ?? ""}`
  return output.split("\n").filter((line) => line.trim() !== "")
}
