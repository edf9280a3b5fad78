/**
 * Writes the JSON Schemas that are published with the package: `node scripts/schema.ts`. Tests fail when a file is not what
 * this would write.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Manifest from "../src/artifacts/Manifest.ts"
import * as FleetSchema from "../src/fleet/FleetSchema.ts"

for (const [name, schema] of [
  ["manifest", Manifest.jsonSchema()],
  ["fleet", FleetSchema.jsonSchema()]
] as const) {
  const file = path.join(import.meta.dirname, "..", "schemas", `${name}.schema.json`)
  fs.writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`)
}
