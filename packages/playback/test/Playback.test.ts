import { assert, describe, it } from "@effect/vitest"
import * as SessionId from "@privx-kit/core/SessionId"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Playback, PlaybackApi } from "@privx-kit/playback"
import * as Effect from "effect/Effect"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as http from "node:http"
import type { AddressInfo } from "node:net"

const sessionId = Schema.decodeUnknownSync(SessionId.PlaybackSessionId)("any string/at all")

/** A server that sends the same response to every request, and records the requests. */
const serve = (status: number, body: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: http.Server; readonly asked: Array<http.IncomingMessage>; readonly url: URL }>(
      (resume) => {
        const asked: Array<http.IncomingMessage> = []
        const server = http.createServer((request, response) => {
          asked.push(request)
          response.writeHead(status, { "Content-Type": "application/json" }).end(body)
        })
        server.listen(0, "127.0.0.1", () =>
          resume(
            Effect.succeed({
              server,
              asked,
              url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
            })
          )
        )
      }
    ),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

const playback = (baseUrl: URL, paths?: Partial<PlaybackApi.Paths>) =>
  Playback.layer(paths).pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerStatic(Redacted.make("a-proper-token-goes-here"))),
    Layer.provide(Connection.layer({ baseUrl }))
  )

const reauthenticate = Effect.flatMap(Playback, (playback) => playback.reauthenticate(sessionId))

describe("Playback", () => {
  it.live("posts to the session's keepalive with the token and without a body", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serve(200, "")
      yield* Effect.provide(reauthenticate, playback(url))
      assert.strictEqual(asked.length, 1)
      const [request] = asked
      assert.strictEqual(
        `${request?.method} ${request?.url}`,
        "POST /rdp-proxy/api/v1/playback/any%20string%2Fat%20all/keepalive"
      )
      assert.strictEqual(request?.headers.authorization, "Bearer a-proper-token-goes-here")
      assert.strictEqual(request?.headers["content-length"], "0")
    })
  )

  it.live("uses another path if one is given", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serve(200, "")
      yield* Effect.provide(reauthenticate, playback(url, { reauthenticate: "/elsewhere/:session_id" }))
      assert.strictEqual(asked[0]?.url, "/elsewhere/any%20string%2Fat%20all")
    })
  )

  it.live("accepts a success that has a body: the reference has no schema for it", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(200, '{"anything":true}')
      yield* Effect.provide(reauthenticate, playback(url))
    })
  )

  it.live("fails typed with what the reference documents", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(404, '{"error_code":"GENERAL_ERROR","error_message":"no such connection"}')
      const caught = yield* reauthenticate.pipe(
        Effect.as("re-authenticated"),
        Effect.catchTag("GeneralError", (error) => Effect.succeed(`${error.status} ${error.errorMessage}`)),
        Effect.provide(playback(url))
      )
      assert.strictEqual(caught, "404 no such connection")
    })
  )

  it("documents what the page documents, and no 500", () => {
    const document = OpenApi.fromApi(PlaybackApi.make())
    const operation = document.paths["/rdp-proxy/api/v1/playback/{session_id}/keepalive"]?.post
    assert.deepStrictEqual(Object.keys(operation?.responses ?? {}), ["200", "400", "401", "403", "404"])
    assert.strictEqual(operation?.summary, "Re-authenticate playback connection")
    assert.deepStrictEqual(operation?.security, [{ oauth: ["user"] }])
  })
})
