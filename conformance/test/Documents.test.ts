/** The OpenAPI documents say what the API reference says, and are clean in other people's linters and parsers. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as ErrorCode from "@privx-kit/core/ErrorCode"
import { validate } from "@readme/openapi-parser"
import * as fs from "node:fs"
import * as path from "node:path"
import { documents, names } from "../src/documents.ts"
import { tool, workspace } from "../src/tools.ts"

const { close, document, directory } = workspace()
afterAll(close)

interface Operation {
  readonly security: ReadonlyArray<Record<string, ReadonlyArray<string>>>
  readonly description: string
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, unknown> }>
}

const operations = (name: keyof typeof documents) =>
  Object.entries(documents[name].paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      line: `${method.toUpperCase()} ${path}`,
      operation: operation as unknown as Operation
    }))
  )

describe.each(names)("the document of %s", (name) => {
  it("is clean in redocly", () => {
    const { output, status } = tool("redocly", ["lint", document(name), "--extends", "recommended"])
    assert.strictEqual(status, 0, output)
    assert.notMatch(output, /warning/i)
  })

  it("is clean in spectral", () => {
    const ruleset = path.join(directory, "spectral.yaml")
    fs.writeFileSync(ruleset, 'extends: ["spectral:oas"]\n')
    const { output, status } = tool("spectral", ["lint", document(name), "-r", ruleset, "-F", "hint"])
    assert.strictEqual(status, 0, output)
  })

  it("is valid in a strict parser", async () => {
    assert.deepInclude(await validate(document(name)), { valid: true, warnings: [] })
  })

  it("has a security requirement for every operation", () => {
    for (const { line, operation } of operations(name)) {
      const scopes = operation.security.flatMap((requirement) => Object.values(requirement).flat())
      const expected = /setup-script\/\{/.test(line) ? [] : [name === "ueba" ? "admin" : "user"]
      assert.deepStrictEqual(scopes, expected, line)
    }
  })

  it("refuses no field that a newer server may send", () => {
    assert.notInclude(JSON.stringify(documents[name]), '"additionalProperties":false')
  })

  it("lists the sixteen codes in their order, and admits others", () => {
    const schema = JSON.parse(JSON.stringify(documents[name].components.schemas["ErrorBody"])) as {
      readonly properties: { readonly error_code: { readonly anyOf: ReadonlyArray<unknown> } }
      readonly required: ReadonlyArray<string>
    }
    const [known, other] = schema.properties.error_code.anyOf
    assert.deepStrictEqual(known, { type: "string", enum: [...ErrorCode.all] })
    assert.deepStrictEqual(other, { type: "string" })
    assert.deepStrictEqual(schema.required, ["error_code"])
  })

  it("describes the errors as the page does", () => {
    for (const { operation } of operations(name)) {
      assert.deepStrictEqual(
        Object.entries(operation.responses)
          .filter(([status]) => Number(status) >= 400)
          .map(([status, { description }]) => `${status} ${description}`),
        [
          "400 Bad request",
          "401 Unauthorized request, OAuth2 authorization missing or invalid",
          "403 Unauthorized request, OAuth2 authorization OK but scope insufficient",
          "404 Resource not found",
          ...(name === "ueba" ? ["500 Internal server error"] : [])
        ]
      )
    }
  })
})

describe("what only one of the documents has", () => {
  it("is the script, whose content type is not documented", () => {
    const download = operations("ueba").find(({ line }) => /^GET .*setup-script/.test(line))?.operation
    assert.strictEqual(download?.responses["200"]?.description, "Session valid, download ok")
    assert.deepStrictEqual(Object.keys(download?.responses["200"]?.content ?? {}), ["*/*"])
  })

  it("is a path that is not verified", () => {
    const [playback] = operations("playback")
    assert.include(playback?.operation.description, "Unverified")
    assert.property(playback?.operation, "x-unverified")
    assert.notInclude(JSON.stringify(documents.ueba), "x-unverified")
  })

  it("are the seventeen calls of UEBA", () => {
    assert.lengthOf(operations("ueba"), 17)
  })
})
