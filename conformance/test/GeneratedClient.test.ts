/**
 * Clients that are generated from the documents compile strictly, and work: on the simulator, and on a server as it is
 * started. The document of the server is looked at here as well.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { validate } from "@readme/openapi-parser"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFile, execFileSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import openapi, { astToString } from "openapi-typescript"
import { names } from "../src/documents.ts"
import { home, tool, workspace } from "../src/tools.ts"

const { close, document: documentOf, directory } = workspace()
afterAll(close)

const main = path.join(home, "../apps/orchestrator/src/main.ts")

const file = path.join(directory, "server-api.json")
fs.writeFileSync(file, execFileSync(process.execPath, ["--conditions=@privx-kit/source", main, "openapi", "server"]))

interface Json {
  readonly [key: string]: unknown
}

interface Operation {
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, { readonly headers?: Json; readonly content?: Json }>>
}

const document = JSON.parse(fs.readFileSync(file, "utf8")) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ line: `${method.toUpperCase()} ${path}`, operation }))
)

describe("the document of the server", () => {
  it("is clean in redocly, spectral and a strict parser", async () => {
    const redocly = tool("redocly", ["lint", file, "--extends", "recommended"])
    assert.strictEqual(redocly.status, 0, redocly.output)
    assert.notMatch(redocly.output, /warning/i)
    const ruleset = path.join(directory, "spectral.yaml")
    fs.writeFileSync(ruleset, 'extends: ["spectral:oas"]\n')
    const spectral = tool("spectral", ["lint", file, "-r", ruleset, "-F", "hint"])
    assert.strictEqual(spectral.status, 0, spectral.output)
    assert.deepInclude(await validate(file), { valid: true, warnings: [] })
  })

  it("has the endpoints for operations", () => {
    for (const path of ["/healthz", "/readyz", "/metrics"]) assert.property(document.paths, path)
    assert.property(document.paths["/readyz"]?.["get"]?.responses, "503")
  })

  it("has problem details for every refusal, 415 where there is a body, and Retry-After with 429 and 503", () => {
    for (const { line, operation } of operations) {
      const { requestBody, responses } = operation
      for (const [status, { content, headers }] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        const type = line === "GET /readyz" && status === "503" ? "application/json" : "application/problem+json"
        assert.deepStrictEqual(Object.keys(content ?? {}), [type], `${line} ${status}`)
        const comesBack = status === "429" || status === "503"
        assert.deepStrictEqual(Object.keys(headers ?? {}), comesBack ? ["Retry-After"] : [], `${line} ${status}`)
      }
      assert.strictEqual("415" in responses, requestBody !== undefined, line)
    }
  })

  it("refuses no field that a newer server may send, and names those that a request may have", () => {
    const answers = [
      "Run",
      "RunStep",
      "Manifest",
      "Fleet",
      "Review",
      "VerificationReport",
      "BadRequest",
      "Me",
      "Artifact"
    ]
    for (const name of answers) {
      assert.notInclude(JSON.stringify(document.components.schemas[name]), '"additionalProperties":false', name)
    }
    for (const { line, operation } of operations) {
      assert.notInclude(JSON.stringify(operation.responses), '"additionalProperties":false', line)
    }
    for (const name of ["Submission", "Approval", "Rejection", "Bootstrap", "FleetDefinition", "VerificationPolicy"]) {
      assert.deepInclude(document.components.schemas[name], { additionalProperties: false }, name)
    }
    const { properties } = document.components.schemas["VerificationPolicy"] as { readonly properties: Json }
    assert.sameMembers(Object.keys(properties), [
      "checks",
      "knownDigests",
      "signature",
      "writePlaces",
      "capabilities",
      "configuration"
    ])
  })

  it("has no number that cannot be, and no number that is text", () => {
    assert.notInclude(JSON.stringify(document), String(Number.MIN_SAFE_INTEGER))
    const list = document.paths["/api/v1/runs"]?.["get"] as unknown as { readonly parameters: ReadonlyArray<Json> }
    assert.deepInclude(
      list.parameters.find(({ name }) => name === "limit"),
      {
        schema: { type: "integer", minimum: 1, maximum: 1000, description: "Default 50" }
      }
    )
    const { attempt } = (document.components.schemas["Run"] as { readonly properties: Readonly<Record<string, Json>> })
      .properties
    assert.deepInclude(attempt, { type: "integer", minimum: 1 })
  })
})

/** Runs a program beside the generated types. */
const run = (name: string, env: Readonly<Record<string, string>>) =>
  Effect.callback<{ readonly output: string; readonly error: Error | null }>((resume) => {
    const options = { env: { ...process.env, ...env } }
    execFile(process.execPath, [path.join(directory, name)], options, (error, stdout, stderr) =>
      resume(Effect.succeed({ error, output: stdout + stderr }))
    )
  })

describe("a generated client", () => {
  it("compiles strictly", async () => {
    for (const [document, name] of [
      ...names.map((name) => [documentOf(name), name] as const),
      [file, "server-api"] as const
    ]) {
      const types = astToString(await openapi(JSON.parse(fs.readFileSync(document, "utf8"))))
      fs.writeFileSync(path.join(directory, `${name}.ts`), types)
    }
    for (const name of ["client.ts", "server.ts"]) {
      fs.copyFileSync(path.join(home, "programs", name), path.join(directory, name))
    }
    fs.writeFileSync(
      path.join(directory, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.base.json", include: ["*.ts"] })
    )
    const { output, status } = tool("tsc", ["-p", directory])
    assert.strictEqual(status, 0, output)
  }, 120_000)

  it.live("makes every call on the simulator", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ trainingDuration: 0 })
      const environment = {
        PRIVX_URL: simulator.url.origin,
        PRIVX_TOKEN: Redacted.value(yield* simulator.issueToken()),
        PRIVX_PLAYBACK_SESSION: Redacted.value(yield* simulator.addPlaybackSession())
      }
      const { output, error } = yield* run("client.ts", environment)
      assert.isNull(error, output)
      assert.include(output, "18 calls")
      const operations = new Set((yield* simulator.requests).map(({ operation }) => operation))
      assert.strictEqual(operations.size, 18)
    })
  )

  it.live(
    "submits with a policy, lists, follows, approves and reads the manifest",
    () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator.make()
        const place = yield* temporary.directory
        const token = (name: string, role: string): string => {
          const token = crypto.randomUUID()
          const lines = [
            "[[token]]",
            `name = "${name}"`,
            `role = "${role}"`,
            `sha256 = "${crypto.hash("sha256", token)}"`,
            ""
          ]
          fs.appendFileSync(path.join(place, "tokens.toml"), lines.join("\n"), { mode: 0o600 })
          return token
        }
        const OPERATOR = token("ci", "operator")
        const APPROVER = token("mia", "approver")
        const { clientId, clientSecret, oauthClientSecret } = simulator.apiClient
        const server = yield* program.start(
          main,
          [
            "serve",
            "--listen=127.0.0.1:0",
            `--tokens=${path.join(place, "tokens.toml")}`,
            `--data-dir=${path.join(place, "data")}`,
            "--json"
          ],
          {
            env: {
              HOME: place,
              PRIVX_API_BASE_URL: simulator.url.origin,
              PRIVX_API_CLIENT_ID: clientId,
              PRIVX_API_CLIENT_SECRET: Redacted.value(clientSecret),
              PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(oauthClientSecret)
            }
          }
        )
        const SERVER = new URL(JSON.parse(`{${yield* server.line("{")}`).result.url).origin
        const { error, output } = yield* run("server.ts", { APPROVER, OPERATOR, SERVER })
        assert.isNull(error, output + server.output())
        assert.match(output, /^succeeded [\da-f-]{36}\n$/)
      }),
    60_000
  )
})
