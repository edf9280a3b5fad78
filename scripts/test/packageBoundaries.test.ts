/**
 * Tests the check of the boundaries between packages: `turbo boundaries` accepts a copy of the workspace without its sources, and
 * refuses it when one import or one dependency goes where it must not.
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

let copy: string

beforeEach(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-boundaries-"))
  const files = ["package.json", "turbo.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"]
  for (const folder of manifests) files.push(path.join(folder, "package.json"), path.join(folder, "turbo.json"))
  for (const file of files) fs.cpSync(path.join(root, file), path.join(copy, file))
})

afterEach(() => fs.rmSync(copy, { recursive: true, force: true }))

const plant = (file: string, text: string) => {
  fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true })
  fs.writeFileSync(path.join(copy, file), `${text}\n`)
}

const depend = (manifest: string, field: "dependencies" | "devDependencies", name: string) => {
  const file = path.join(copy, manifest)
  const json = JSON.parse(fs.readFileSync(file, "utf8"))
  json[field] = { ...json[field], [name]: "workspace:^" }
  fs.writeFileSync(file, JSON.stringify(json))
}

const boundaries = () => {
  const run = spawnSync(path.join(root, "node_modules/.bin/turbo"), ["boundaries", "--no-color"], {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" }
  })
  return { status: run.status, output: `${run.stdout}${run.stderr}`.replace(/\s+/g, " ") }
}

const isRefused = (saying: string) => {
  const { output, status } = boundaries()
  assert.notStrictEqual(status, 0, output)
  assert.include(output, saying)
}

describe("the boundaries between packages", () => {
  it("accept the workspace as declared", () => {
    const { output, status } = boundaries()
    assert.strictEqual(status, 0, output)
  })

  it("allow an import of a package that is listed", () => {
    plant("packages/ueba/src/Planted.ts", `export * as Transport from "@privx-kit/http/Transport"`)
    const { output, status } = boundaries()
    assert.strictEqual(status, 0, output)
    assert.include(output, "Checked 1 files")
  })

  it.each(manifests)("have a rule for the tag of %s", (folder) => {
    // turbo.json may have comments, so both files are read as text.
    const own = fs.readFileSync(path.join(root, folder, "turbo.json"), "utf8")
    const tags = [...(/"tags": \[([^\]]*)\]/.exec(own)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, tag]) => tag)
    assert.lengthOf(tags, 1)
    const rules = fs.readFileSync(path.join(root, "turbo.json"), "utf8").replace(/\s+/g, " ")
    assert.include(rules, `"${tags[0]}": { "dependencies": { "allow"`)
  })

  it("refuse an import that nothing declares", () => {
    plant("packages/playback/src/Planted.ts", `import * as Ueba from "@privx-kit/ueba/Ueba"`)
    isRefused("cannot import package `@privx-kit/ueba`")
  })

  it("refuse an import of types alone", () => {
    plant("packages/playback/src/Planted.ts", `import type { Ueba } from "@privx-kit/ueba/Ueba"`)
    isRefused("cannot import package `@privx-kit/ueba`")
  })

  it("refuse an import that happens at run time", () => {
    plant("packages/core/src/Planted.ts", `export const later = () => import("@privx-kit/http")`)
    isRefused("cannot import package `@privx-kit/http`")
  })

  it("refuse a relative path into another package", () => {
    plant("packages/core/src/Planted.ts", `import * as Operation from "../../http/src/Operation.ts"`)
    isRefused("leaves the package")
  })

  it("refuse a dependency upwards", () => {
    depend("packages/http/package.json", "dependencies", "@privx-kit/ueba")
    isRefused("Package `@privx-kit/ueba` found without any tag listed in allowlist")
  })

  it("refuse a dependency sideways, also one for tests only", () => {
    depend("packages/playback/package.json", "devDependencies", "@privx-kit/ueba")
    isRefused("Package `@privx-kit/ueba` found without any tag listed in allowlist")
  })
})
