/** Part of `pnpm release`: the version that `@privx-kit/http` sends in its `User-Agent` follows its package.json. */
import * as fs from "node:fs"
import * as path from "node:path"

const directory = path.join(import.meta.dirname, "../packages/http")
const { version } = JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8"))
const file = path.join(directory, "src/internal/version.ts")
const before = fs.readFileSync(file, "utf8")
const after = before.replace(/version = "[^"]*"/, `version = "${version}"`)
if (!after.includes(`version = "${version}"`)) throw new Error(`${file} does not say its version as it used to`)
fs.writeFileSync(file, after)
