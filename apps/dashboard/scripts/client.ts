/**
 * Writes the types of the server's API from its OpenAPI document. `check` and `build` run it first, so that the types are
 * never older than the server; the file is not committed.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import openapi, { astToString } from "openapi-typescript"

const orchestrator = path.join(import.meta.dirname, "../../orchestrator")

const document = execFileSync(
  process.execPath,
  ["--conditions=@privx-kit/source", "src/main.ts", "openapi", "server"],
  { cwd: orchestrator, encoding: "utf8", maxBuffer: 1e8 }
)
const types = astToString(await openapi(JSON.parse(document), { alphabetize: true }))
const directory = path.join(import.meta.dirname, "../src/api/generated")
fs.mkdirSync(directory, { recursive: true })
fs.writeFileSync(path.join(directory, "Schema.ts"), types)
