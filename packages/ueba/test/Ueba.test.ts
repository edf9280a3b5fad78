import { assert, describe, it } from "@effect/vitest"
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import * as SessionId from "@privx-kit/core/SessionId"
import * as Connection from "@privx-kit/http/Connection"
import * as TokenProvider from "@privx-kit/http/TokenProvider"
import * as Transport from "@privx-kit/http/Transport"
import { Ueba, VerifySetupScript } from "@privx-kit/ueba"
import type { Options } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { anchor } from "./SampleCertificates.ts"
import { sampleBytes } from "./SampleScript.ts"

const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
const token = "a-proper-token-goes-here"
const sessionId: SetupSessionId = Schema.decodeUnknownSync(SessionId.SetupSessionId)(uuid)

/** A server that responds with `answer`, and records the requests. */
const serve = (answer: http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: http.Server; readonly asked: Array<http.IncomingMessage>; readonly url: URL }>(
      (resume) => {
        const asked: Array<http.IncomingMessage> = []
        const server = http.createServer((request, response) => {
          asked.push(request)
          answer(request, response)
        })
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resume(Effect.succeed({ server, asked, url: new URL(`http://127.0.0.1:${port}`) }))
        })
      }
    ),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

const ueba = (baseUrl: URL, options?: Options) =>
  Ueba.layer(options).pipe(
    Layer.provide(Transport.Transport.layer),
    Layer.provide(TokenProvider.TokenProvider.layerStatic(Redacted.make(token))),
    Layer.provide(Connection.Connection.layer({ baseUrl }))
  )

const privx: http.RequestListener = (request, response) => {
  if (request.method === "POST") {
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ id: uuid }))
  } else {
    response.writeHead(200, { "Content-Length": sampleBytes.byteLength }).end(sampleBytes)
  }
}

const collect = <E, R>(stream: Stream.Stream<Uint8Array, E, R>) =>
  Effect.map(Stream.runCollect(stream), (chunks) => Uint8Array.from(Buffer.concat([...chunks])))

const download = (id: SetupSessionId) => Effect.flatMap(Ueba, (ueba) => collect(ueba.downloadSetupScript(id)))

describe("Ueba", () => {
  it.live("creates a session, downloads the script and verifies it", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serve(privx)
      const report = yield* Effect.gen(function* () {
        const ueba = yield* Ueba
        const session = yield* ueba.createSession
        assert.strictEqual(Redacted.value(session.id), uuid)
        assert.notInclude(JSON.stringify(session) + String(session.id), uuid)
        const { contentLength, stream } = yield* ueba.openSetupScript(session.id)
        assert.strictEqual(contentLength, sampleBytes.byteLength)
        return yield* VerifySetupScript.verifySetupScript(yield* collect(stream), { announcedLength: contentLength })
      }).pipe(Effect.provide(ueba(url)))
      assert.isTrue(report.verified)

      assert.deepStrictEqual(
        asked.map(({ method, url }) => `${method} ${url}`),
        [
          "POST /connection-manager/api/v1/ueba/setup-script",
          `GET /connection-manager/api/v1/ueba/setup-script/${uuid}`
        ]
      )
      assert.deepStrictEqual(
        asked.map(({ headers }) => headers.authorization),
        [`Bearer ${token}`, undefined]
      )
      assert.strictEqual(asked[0]!.headers["content-length"], "0")
    })
  )

  it.live("sends the token with the download on request, and hints at it when a server requires one", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serve((request, response) => {
        if (request.headers.authorization === `Bearer ${token}`) privx(request, response)
        else response.writeHead(401, { "Content-Type": "application/json" }).end('{"error_code":"PERMISSION_DENIED"}')
      })
      const failure = yield* Effect.flip(download(sessionId)).pipe(Effect.provide(ueba(url)))
      assert.strictEqual(failure._tag, "PermissionDenied")
      assert.include(failure.hint, "token")
      const bytes = yield* download(sessionId).pipe(Effect.provide(ueba(url, { authorizeDownload: true })))
      assert.deepStrictEqual(bytes, Uint8Array.from(sampleBytes))
      assert.strictEqual(asked.at(-1)!.headers.authorization, `Bearer ${token}`)
    })
  )

  it.live("asks what the script is made from, and holds the script to it", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serve((_, response) => {
        const body = {
          address: "privx.example.com",
          trust_anchors: anchor,
          trust_anchors_info: [{ x: 1 }],
          added: true
        }
        response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body))
      })
      const configuration = yield* Effect.flatMap(Ueba, (ueba) => ueba.configuration).pipe(Effect.provide(ueba(url)))
      assert.strictEqual(asked[0]!.url, "/connection-manager/api/v1/ueba/configure")
      assert.strictEqual(asked[0]!.headers.authorization, `Bearer ${token}`)
      const demanded = { configuredAddress: "demanded", configuredTrustAnchors: "demanded" } as const
      yield* VerifySetupScript.verifySetupScript(sampleBytes, { configuration, policy: { checks: demanded } })
      const other = { ...configuration, address: "other.example.com" }
      const failure = yield* Effect.flip(
        VerifySetupScript.verifySetupScript(sampleBytes, { configuration: other, policy: { checks: demanded } })
      )
      assert.include(failure.message, "other.example.com is not in the script")
    })
  )

  it.live("uses other paths where it is given them", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* serve(privx)
      const paths = {
        createSession: "/elsewhere/sessions",
        downloadSetupScript: "/elsewhere/:session_id/script"
      } as const
      yield* Effect.gen(function* () {
        const { id } = yield* (yield* Ueba).createSession
        yield* download(id)
      }).pipe(Effect.provide(ueba(url, { paths })))
      assert.deepStrictEqual(
        asked.map(({ url }) => url),
        ["/elsewhere/sessions", `/elsewhere/${uuid}/script`]
      )
    })
  )

  it.live("fails, rather than hand on half a script, when the connection breaks within it", () =>
    Effect.gen(function* () {
      const { url } = yield* serve((_, response) => {
        response.writeHead(200, { "Content-Length": sampleBytes.byteLength })
        response.write(sampleBytes.subarray(0, 100), () => response.destroy())
      })
      const failure = yield* Effect.flip(download(sessionId)).pipe(Effect.provide(ueba(url)))
      assert.strictEqual(failure._tag, "TransportError")
      assert.notInclude(failure.message, uuid)
    })
  )
})
