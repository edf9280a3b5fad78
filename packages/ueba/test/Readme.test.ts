import { assert, describe, it } from "@effect/vitest"
import { Checks, Sha256 } from "@privx-kit/ueba"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as TestConsole from "effect/testing/TestConsole"
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { privx, setup } from "../typetest/Readme.tst.ts"
import { sampleBytes } from "./SampleScript.ts"

const read = (file: string) => fs.readFileSync(new URL(`../${file}`, import.meta.url), "utf8")
const readme = read("README.md")

/** The parts of a PrivX that the program of the README calls. */
const serve = Effect.acquireRelease(
  Effect.callback<http.Server>((resume) => {
    const server = http.createServer((request, response) => {
      const json = (body: object) =>
        response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body))
      if (request.url?.startsWith("/auth/")) json({ access_token: "t", token_type: "Bearer", expires_in: 300 })
      else if (request.method === "POST") json({ id: "0f8fad5b-d9cb-469f-a165-70867728950e" })
      else response.writeHead(200, { "Content-Length": sampleBytes.byteLength }).end(sampleBytes)
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.callback<void>((resume) => {
      server.closeAllConnections()
      server.close(() => resume(Effect.void))
    })
)

describe("the README", () => {
  it("shows the program that is compiled and run here", () => {
    assert.include(readme, `\`\`\`ts\n${read("typetest/Readme.tst.ts").trim()}\n\`\`\``)
  })

  it("has the table of the checks as they document themselves, and no other row", () => {
    const [, section = ""] = /^## Checks$([^]*?)^## /m.exec(readme) ?? []
    assert.deepStrictEqual(
      section.split("\n").filter((line) => /^\| `\w+` \| (?:demanded|required|warned|off) \|/.test(line)),
      Checks.all.map(({ documentation, name, requirement }) => `| \`${name}\` | ${requirement} | ${documentation} |`)
    )
  })

  it.live("has a program that prints what it shows, and that fails with another pin", () =>
    Effect.gen(function* () {
      const { port } = (yield* serve).address() as AddressInfo
      const environment = ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          PRIVX_API_BASE_URL: `http://127.0.0.1:${port}`,
          PRIVX_API_CLIENT_ID: "client",
          PRIVX_API_CLIENT_SECRET: "secret",
          PRIVX_API_OAUTH_CLIENT_SECRET: "oauth-secret"
        })
      )
      yield* Effect.gen(function* () {
        assert.strictEqual(Buffer.compare(yield* setup(undefined), sampleBytes), 0)
        assert.include(readme, `\`\`\`\n${(yield* TestConsole.logLines).join("\n")}\n\`\`\``)
        const failure = yield* Effect.flip(setup(Sha256.of(new Uint8Array())))
        assert.strictEqual(failure._tag, "VerificationFailed")
        assert.match((yield* TestConsole.errorLines).join("\n"), /not verified[^]*failed +Pinned SHA-256 \(sha256Pin\)/)
      }).pipe(Effect.provide(privx), Effect.provide([environment, TestConsole.layer]))
    })
  )
})
