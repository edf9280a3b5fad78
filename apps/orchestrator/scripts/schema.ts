/**
 * Writes the JSON Schemas that are published with the package: `node scripts/schema.ts`. Tests fail when a file is not what
 * this would write.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Manifest from "@privx-kit/artifacts/Manifest"
import * as FleetSchema from "../src/fleet/FleetSchema.ts"
import * as BootstrapSchema from "../src/bootstrap/BootstrapSchema.ts"
import * as PolicySchema from "../src/setup/PolicySchema.ts"

for (const [name, schema] of [
  ["manifest", Manifest.jsonSchema()],
  ["bootstrap", BootstrapSchema.jsonSchema()],
  ["fleet", FleetSchema.jsonSchema()],
  ["policy", PolicySchema.jsonSchema()]
] as const) {
  const file = path.join(import.meta.dirname, "..", "schemas", `${name}.schema.json`)
  fs.writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`)
}
