/**
 * The check of the floors, checked: a copy of the workspace without its sources stands up to `turbo boundaries`, and
 * falls as soon as one import or one dependency goes where it must not.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"

const root = path.join(import.meta.dirname, "../..")

const manifests = ["packages", "apps"].flatMap((folder) =>
  fs.readdirSync(path.join(root, folder)).map((name) => path.join(folder, name))
)

let house: string

beforeEach(() => {
  house = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-floors-"))
  const files = ["package.json", "turbo.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"]
  for (const folder of manifests) files.push(path.join(folder, "package.json"), path.join(folder, "turbo.json"))
  for (const file of files) fs.cpSync(path.join(root, file), path.join(house, file))
})

afterEach(() => fs.rmSync(house, { recursive: true, force: true }))

const plant = (file: string, text: string) => {
  fs.mkdirSync(path.dirname(path.join(house, file)), { recursive: true })
  fs.writeFileSync(path.join(house, file), `${text}\n`)
}

const depend = (manifest: string, field: "dependencies" | "devDependencies", name: string) => {
  const file = path.join(house, manifest)
  const json = JSON.parse(fs.readFileSync(file, "utf8"))
  json[field] = { ...json[field], [name]: "workspace:^" }
  fs.writeFileSync(file, JSON.stringify(json))
}

const boundaries = () => {
  const run = spawnSync(path.join(root, "node_modules/.bin/turbo"), ["boundaries", "--no-color"], {
    cwd: house,
    encoding: "utf8",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" }
  })
  return { status: run.status, output: `${run.stdout}${run.stderr}`.replace(/\s+/g, " ") }
}

const isCaught = (saying: string) => {
  const { output, status } = boundaries()
  assert.notStrictEqual(status, 0, output)
  assert.include(output, saying)
}

describe("the floors", () => {
  it("stand as they are declared", () => {
    const { output, status } = boundaries()
    assert.strictEqual(status, 0, output)
  })

  it("allow an import from the floor below", () => {
    plant("packages/ueba/src/Planted.ts", `export * as Transport from "@privx-kit/http/Transport"`)
    const { output, status } = boundaries()
    assert.strictEqual(status, 0, output)
    assert.include(output, "Checked 1 files")
  })

  it.each(manifests)("know the tag of %s", (folder) => {
    // Comments stand in turbo.json, so its rules are looked up as text.
    const { tags } = JSON.parse(fs.readFileSync(path.join(root, folder, "turbo.json"), "utf8"))
    assert.lengthOf(tags, 1)
    assert.include(fs.readFileSync(path.join(root, "turbo.json"), "utf8"), `"${tags[0]}": { "dependencies": { "allow"`)
  })

  it("catch an import that nothing declares", () => {
    plant("packages/playback/src/Planted.ts", `import * as Ueba from "@privx-kit/ueba/Ueba"`)
    isCaught("cannot import package `@privx-kit/ueba`")
  })

  it("catch an import of types alone", () => {
    plant("packages/playback/src/Planted.ts", `import type { Ueba } from "@privx-kit/ueba/Ueba"`)
    isCaught("cannot import package `@privx-kit/ueba`")
  })

  it("catch an import that happens at run time", () => {
    plant("packages/core/src/Planted.ts", `export const later = () => import("@privx-kit/http")`)
    isCaught("cannot import package `@privx-kit/http`")
  })

  it("catch a relative path into another package", () => {
    plant("packages/core/src/Planted.ts", `import * as Operation from "../../http/src/Operation.ts"`)
    isCaught("leaves the package")
  })

  it("catch a dependency upwards", () => {
    depend("packages/http/package.json", "dependencies", "@privx-kit/ueba")
    isCaught("Package `@privx-kit/ueba` found without any tag listed in allowlist")
  })

  it("catch a dependency sideways, also one for tests only", () => {
    depend("packages/playback/package.json", "devDependencies", "@privx-kit/ueba")
    isCaught("Package `@privx-kit/ueba` found without any tag listed in allowlist")
  })
})
