/** The library packages in a page of somebody else, on another origin than PrivX, which allows it by CORS. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { once } from "node:events"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import { rolldown } from "rolldown"
import * as privx from "../test/support/privx.ts"
import { browser } from "./chromium.ts"

const open = browser()

/** As a web developer bundles it. Fails where something of Node is left over. */
const bundle = Effect.promise(async () => {
  const build = await rolldown({
    input: path.join(import.meta.dirname, "programs", "library.ts"),
    platform: "browser",
    resolve: { conditionNames: ["@privx-kit/source", "browser", "import", "default"] },
    onLog: (_, log) => {
      throw new Error(log.message)
    }
  })
  const { output } = await build.generate({ format: "esm", codeSplitting: false })
  await build.close()
  assert.deepStrictEqual(output[0].imports, [])
  return output[0].code
})

const listening = (listener: http.RequestListener) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = http.createServer(listener).listen(0, "127.0.0.1")
      await once(server, "listening")
      return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) => Effect.sync(() => void (server.closeAllConnections(), server.close()))
  )

const allowed = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*, authorization",
  "access-control-allow-methods": "GET, POST"
}

/** PrivX behind a gateway that lets pages of other origins in. */
const gateway = (target: URL) =>
  listening((request, response) => {
    if (request.method === "OPTIONS") return void response.writeHead(204, allowed).end()
    const { method = "GET", url = "/" } = request
    const onward = http.request(new URL(url, target), { method, headers: { ...request.headers, host: target.host } })
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...allowed })
      answer.pipe(response)
    })
    request.pipe(onward)
  })

describe("the library packages in a browser", () => {
  it.live("create a session, download the script and re-authenticate, and refuse by name what fetch cannot do", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ tls: false })
      const { url: baseUrl } = yield* gateway(simulator.url)
      const code = yield* bundle
      const site = yield* listening((request, response) => {
        const isScript = request.url === "/library.js"
        response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
        response.end(isScript ? code : '<!doctype html><script type="module" src="/library.js"></script>')
      })
      const { clientId, clientSecret, oauthClientId, oauthClientSecret } = simulator.apiClient
      const playback = yield* simulator.addPlaybackSession()
      const input = {
        baseUrl,
        apiClient: {
          clientId,
          clientSecret: Redacted.value(clientSecret),
          oauthClientId,
          oauthClientSecret: Redacted.value(oauthClientSecret)
        },
        playback: Redacted.value(playback),
        ended: "ended-session"
      }
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(() => page.goto(site.url))
      yield* Effect.promise(() => page.waitForFunction("globalThis.privx !== undefined"))
      const result = yield* Effect.promise(() => page.evaluate(`globalThis.privx(${JSON.stringify(input)})`))
      const refused = (what: string) => `this runtime sends requests with fetch, which cannot ${what}`
      const { done, pins, proxy, sockets } = result as Record<"pins" | "proxy" | "sockets", string> & {
        readonly done: unknown
      }
      assert.deepStrictEqual(done, { script: simulator.script.byteLength, failure: "GeneralError 404" })
      assert.include(pins, refused("check pinned keys (pins)"))
      assert.include(proxy, refused("use a given proxy"))
      assert.include(sockets, 'this runtime has no sockets (via: "sockets")')
      assert.deepStrictEqual(complaints, [])
      assert.strictEqual(yield* privx.count(simulator, "Playback.reauthenticate"), 2)
    })
  )
})
