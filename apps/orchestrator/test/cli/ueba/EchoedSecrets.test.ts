import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"

const token = "tok-5f2b9c1e7d3a4860b1c2d3e4f5a6b7c8"

const session = "0d9f7c52-6f0e-4b7e-9a33-3d1c5c1f2a77"

/** A server or gateway that quotes the request: the token, and the URL with the session id. */
const echoing = (answer: (request: http.IncomingMessage, response: http.ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: http.Server; readonly url: string }>((resume) => {
      const server = http.createServer(answer)
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ server, url: `http://127.0.0.1:${port}` }))
      })
    }),
    ({ server }) => Effect.sync(() => (server.closeAllConnections(), server.close()))
  )

const json = (response: http.ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

/** The output of the command and the stored files. */
const everything = (ended: cli.Ended, dataDir: string) =>
  [
    ended.stdout,
    ended.stderr,
    ...temporary.filesBelow(dataDir).flatMap((file) => [file, fs.readFileSync(path.join(dataDir, file), "latin1")])
  ].join("\n")

describe("secrets that a server echoes", () => {
  it.live.each([
    [
      "in the message of an error body",
      (quoted: string) => ({ error_code: "PERMISSION_DENIED", error_message: quoted })
    ],
    [
      "in the details of an error body",
      (quoted: string) => ({
        error_code: "PERMISSION_DENIED",
        error_message: "refused",
        details: [{ error_code: "INVALID_PARAMETER", error_message: quoted, property: quoted }]
      })
    ],
    ["in an error code of its own", (quoted: string) => ({ error_code: quoted, error_message: "refused" })]
  ] as const)("%s reach neither output, log, record nor file names", ([, body]) =>
    Effect.gen(function* () {
      const dataDir = path.join(yield* temporary.directory, "data")
      const { url } = yield* echoing((request, response) => {
        const quoted = `${request.method} ${request.url} authorization: ${request.headers.authorization}`
        if (request.method === "POST" && !request.url?.includes(session)) json(response, 200, { id: session })
        else json(response, 403, body(quoted))
      })
      const env = { PRIVX_API_BASE_URL: url, PRIVX_API_TOKEN: token }
      const args = ["ueba", "setup", "--data-dir", dataDir, "--verbose", "--log-level", "all"]
      const ended = yield* cli.run(args, { env })
      assert.notStrictEqual(ended.code, 0)
      assert.notStrictEqual(ended.code, 1, ended.stderr)
      const shown = yield* cli.run(["runs", "list", "--json", "--data-dir", dataDir], { env })
      const text = everything(ended, dataDir) + shown.stdout + shown.stderr
      assert.include(text, "403")
      assert.notInclude(text, token)
      assert.notInclude(text, session)
    })
  )

  it.live("in the page of a gateway reach neither output, log, record nor file names", () =>
    Effect.gen(function* () {
      const dataDir = path.join(yield* temporary.directory, "data")
      const { url } = yield* echoing((request, response) => {
        if (request.method === "POST") json(response, 200, { id: session })
        else {
          response
            .writeHead(403, { "content-type": "text/html" })
            .end(`<h1>Forbidden</h1><pre>${request.url}\n${JSON.stringify(request.headers)}</pre>`)
        }
      })
      const env = { PRIVX_API_BASE_URL: url, PRIVX_API_TOKEN: token }
      const ended = yield* cli.run(["ueba", "setup", "--json", "--data-dir", dataDir, "--log-level", "all"], { env })
      assert.notStrictEqual(ended.code, 0)
      assert.notStrictEqual(ended.code, 1, ended.stderr)
      const text = everything(ended, dataDir)
      assert.include(text, "403")
      assert.notInclude(text, token)
      assert.notInclude(text, session)
    })
  )
})
