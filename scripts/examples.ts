/** Runs every program in examples/. Each ends by itself; that they compile is seen by `pnpm check`. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Checks, run } from "./checks.ts"

const directory = path.join(import.meta.dirname, "../examples")
const checks = new Checks()
for (const file of fs.globSync("*.ts", { cwd: directory }).sort()) {
  const ran = run(process.execPath, ["--conditions=@privx-kit/source", file], { cwd: directory, seconds: 60 })
  checks.ran(`examples/${file}`, ran, (stdout) =>
    stdout.trim() === "" ? "It says nothing about what it did." : undefined
  )
}
checks.end()
