/**
 * Writes the JSON Schema of the manifest, which is published with the package: `node scripts/schema.ts`. A test fails when
 * the file is not what this would write.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Manifest from "../src/artifacts/Manifest.ts"

fs.writeFileSync(
  path.join(import.meta.dirname, "..", "schemas", "manifest.schema.json"),
  `${JSON.stringify(Manifest.jsonSchema(), null, 2)}\n`
)
