import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { versions, whyNotName, whyNotPackageName } from "../src/Generator.ts"

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-create-"))
const root = path.join(import.meta.dirname, "../../..")

afterAll(() => fs.rmSync(temporary, { recursive: true }))

const create = (...args: ReadonlyArray<string>) => {
  const program = path.join(import.meta.dirname, "../src/main.ts")
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, ...args], {
    cwd: temporary,
    encoding: "utf8"
  })
  return { status, stderr, stdout }
}

describe("create-domain", () => {
  it("makes a project whose files have no gap left", () => {
    const { status, stderr, stdout } = create("host-groups", "--package", "@acme/privx-host-groups")
    assert.deepStrictEqual([status, stderr], [0, ""])
    assert.match(stdout, /^@acme\/privx-host-groups was created in host-groups\/ with 14 files\.\n/)
    const files = fs
      .readdirSync(path.join(temporary, "host-groups"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
    assert.deepStrictEqual(files.map((file) => path.relative(path.join(temporary, "host-groups"), file)).sort(), [
      ".github/workflows/ci.yml",
      ".gitignore",
      "README.md",
      "package.json",
      "privx-kit.config.ts",
      "src/HostGroups.ts",
      "src/HostGroupsApi.ts",
      "src/HostGroupsDomain.ts",
      "src/HostGroupsSimulator.ts",
      "src/index.ts",
      "test/HostGroups.test.ts",
      "tsconfig.build.json",
      "tsconfig.json",
      "vitest.config.ts"
    ])
    for (const file of files) assert.notMatch(fs.readFileSync(file, "utf8"), /__\w+__/, file)
    const manifest = JSON.parse(fs.readFileSync(path.join(temporary, "host-groups/package.json"), "utf8"))
    assert.strictEqual(manifest.name, "@acme/privx-host-groups")
    assert.strictEqual(manifest.peerDependencies.effect, "^4.1.0")
  })

  it("refuses a directory that exists, with exit code 3", () => {
    fs.mkdirSync(path.join(temporary, "taken"))
    const { status, stderr } = create("taken")
    assert.strictEqual(status, 3)
    assert.match(stderr, /taken already exists\.\nChoose another name/)
    assert.deepStrictEqual(fs.readdirSync(path.join(temporary, "taken")), [])
  })

  it.each([
    { args: [] },
    { args: ["../up"] },
    { args: ["one", "two"] },
    { args: ["one", "--package", "Bad Name"] },
    { args: ["--unknown"] }
  ])("refuses the arguments $args with exit code 2 and writes nothing", ({ args }) => {
    const before = fs.readdirSync(temporary)
    const { status, stderr } = create(...args)
    assert.strictEqual(status, 2)
    assert.match(stderr, /--help/)
    assert.deepStrictEqual(fs.readdirSync(temporary), before)
  })

  it("knows names that cannot be used", () => {
    assert.isUndefined(whyNotName("vault2-secrets"))
    for (const name of ["", "A", "1a", "a--b", "a-", "class", "runs", "a".repeat(41)])
      assert.isString(whyNotName(name), name)
    assert.isUndefined(whyNotPackageName("@acme/privx-vault"))
    for (const name of ["", "@acme", "a b", "../x", "@a/b/c"]) assert.isString(whyNotPackageName(name), name)
  })

  it("makes projects with the versions that this repository is tested with", () => {
    const workspace = fs.readFileSync(path.join(root, "pnpm-workspace.yaml"), "utf8")
    const { devDependencies } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"))
    assert.include(workspace, `\n  effect: ${versions.effect.slice(1)}\n`)
    assert.include(workspace, `\n  vitest: ${versions.vitest.slice(1)}\n`)
    assert.include(workspace, `\n  "@types/node": ${versions.typesNode.slice(1)}\n`)
    assert.strictEqual(devDependencies.typescript, versions.typescript.slice(1))
  })
})
