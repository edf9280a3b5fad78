/**
 * Part of a release: writes `sbom.cdx.json` (CycloneDX) into the directory of each public package, from the lockfile. It travels in the
 * tarball.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { run } from "./checks.ts"
import { manifestOf, packages, root as ownRoot } from "./packed.ts"

/** The version of CycloneDX that most readers understand. */
const specification = "1.6"

export const sbomName = "sbom.cdx.json"

/** Answers with what went wrong. */
export const write = (root: string, directories: ReadonlyArray<string>): ReadonlyArray<string> => {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-sbom-"))
  try {
    const filters = directories.flatMap((directory) => ["--filter", `./${path.relative(root, directory)}`])
    const format = ["--sbom-format", "cyclonedx", "--sbom-spec-version", specification]
    const out = ["--out", path.join(temporary, "%s.json")]
    const made = run("pnpm", [...filters, "sbom", "--split", "--prod", "--lockfile-only", ...format, ...out], {
      cwd: root
    })
    if (made.status !== 0) return [made.stdout, made.stderr]
    return directories.flatMap((directory) => {
      const { name } = manifestOf(directory)
      const from = path.join(temporary, `${name.replace("@", "").replace("/", "-")}.json`)
      if (!fs.existsSync(from)) return [`pnpm wrote no document for ${name}`]
      fs.copyFileSync(from, path.join(directory, sbomName))
      return []
    })
  } finally {
    fs.rmSync(temporary, { recursive: true })
  }
}

if (import.meta.main) {
  const problems = write(ownRoot, packages)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`${packages.length} packages have their ${sbomName}`)
}
