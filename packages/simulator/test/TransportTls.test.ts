/**
 * Trust and proxies of the transport in `@privx-kit/http`. The test is here because this is the lowest package that can
 * make certificates.
 */
import { assert, describe, it } from "@effect/vitest"
import { Connection, type Options } from "@privx-kit/http/Connection"
import * as FileDownload from "@privx-kit/http/FileDownload"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Certificates, Simulator } from "@privx-kit/simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash, X509Certificate } from "node:crypto"
import * as fs from "node:fs/promises"
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as tls from "node:tls"

const layer = (baseUrl: URL, options: Omit<Options, "baseUrl">, token = "token") =>
  Ueba.layer().pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerStatic(Redacted.make(token))),
    Layer.provide(Connection.layer({ baseUrl, ...options }))
  )

const createSession = (baseUrl: URL, options: Omit<Options, "baseUrl">, token?: string) =>
  Effect.flatMap(Ueba, (ueba) => ueba.createSession).pipe(
    Effect.provide(layer(baseUrl, options, token)),
    Effect.provideService(RetryPolicy.RetryPolicy, RetryPolicy.never)
  )

const withToken = (simulator: Simulator["Service"], options: Omit<Options, "baseUrl">) =>
  Effect.flatMap(simulator.issueToken(), (token) => createSession(simulator.url, options, Redacted.value(token)))

describe("trust", () => {
  it.live("takes a CA beside the roots of the system, also one of several in a PEM text", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: true })
      const other = yield* Certificates.make()
      yield* withToken(simulator, { ca: simulator.ca })
      yield* withToken(simulator, { ca: [`${other.ca}${simulator.ca.join("")}`] })
      yield* withToken(simulator, { ca: simulator.ca, onlyCa: true })
    })
  )

  it.live("trusts for one connection what another one trusts no more than before", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: true })
      const { ca } = simulator
      const refused = { _tag: "TransportError", reason: "tls" } as const
      for (const options of [{ ca }, { ca, onlyCa: true }]) {
        yield* withToken(simulator, options)
        yield* withToken(simulator, options)
        assert.deepInclude(yield* Effect.flip(withToken(simulator, {})), refused)
        assert.deepInclude(yield* Effect.flip(withToken(simulator, { onlyCa: true })), refused)
      }
      // CAs that the program adds to Node apply to every later connection.
      const before = tls.getCACertificates("default")
      yield* Effect.acquireRelease(
        Effect.sync(() => tls.setDefaultCACertificates([...before, ...ca])),
        () => Effect.sync(() => tls.setDefaultCACertificates(before))
      )
      yield* withToken(simulator, {})
    })
  )

  it.live.each([
    { flaw: undefined, ca: false, detail: "unknown CA" },
    { flaw: "expired", ca: true, detail: "has expired" },
    { flaw: "notYetValid", ca: true, detail: "not valid yet" },
    { flaw: "wrongName", ca: true, detail: "another host name" }
  ] as const)("says how it fails: $detail", ({ ca, detail, flaw }) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: flaw === undefined ? true : { flaw } })
      const failure = yield* Effect.flip(withToken(simulator, ca ? { ca: simulator.ca } : {}))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
      assert.include(failure.message, detail)
      // No request was sent over an untrusted connection.
      assert.deepStrictEqual(yield* simulator.requests, [])
    })
  )

  it.live("says that a server does not speak TLS", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const failure = yield* Effect.flip(createSession(new URL(simulator.url.href.replace("http:", "https:")), {}))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
    })
  )

  it.live("accepts a pinned key and refuses another one before it sends anything", () =>
    Effect.gen(function* () {
      const certificates = yield* Certificates.make()
      const server = yield* serve(() =>
        https.createServer({ cert: certificates.certificate, key: Redacted.value(certificates.key) }, answer)
      )
      const key = new X509Certificate(certificates.certificate).publicKey.export({ type: "spki", format: "der" })
      const pin = createHash("sha256").update(key).digest("base64")
      yield* createSession(server.url, { ca: [certificates.ca], pins: ["another", pin] })
      const failure = yield* Effect.flip(createSession(server.url, { ca: [certificates.ca], pins: ["another"] }))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls", code: "ERR_TLS_PIN_MISMATCH" })
      assert.strictEqual(server.requests.length, 1)

      // A tunnel through a proxy does not bypass it.
      const proxy = yield* connectProxy
      const through = { ca: [certificates.ca], proxy: proxy.url.href }
      yield* createSession(server.url, { ...through, pins: [pin] })
      const tunnelled = yield* Effect.flip(createSession(server.url, { ...through, pins: ["another"] }))
      assert.deepInclude(tunnelled, { _tag: "TransportError", reason: "tls", code: "ERR_TLS_PIN_MISMATCH" })
      assert.strictEqual(proxy.targets.length, 2)
      assert.strictEqual(server.requests.length, 2)
    })
  )

  it.live("carries a large body into a file as it was sent", () =>
    Effect.gen(function* () {
      const certificates = yield* Certificates.make()
      const body = Buffer.from(Uint32Array.from({ length: 5_000_001 }, (_, n) => Math.imul(n, 2_654_435_761)).buffer)
      const server = yield* serve(() =>
        https.createServer(
          { cert: certificates.certificate, key: Redacted.value(certificates.key) },
          (request, response) => (request.method === "POST" ? answer(request, response) : void response.end(body))
        )
      )
      const directory = yield* Effect.acquireRelease(
        Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-tls-"))),
        (directory) => Effect.promise(() => fs.rm(directory, { recursive: true }))
      )
      const received = yield* Effect.gen(function* () {
        const ueba = yield* Ueba
        const { id } = yield* ueba.createSession
        return yield* FileDownload.toFile(path.join(directory, "body"), (rest) => ueba.openSetupScript(id, rest))
      }).pipe(Effect.provide(layer(server.url, { ca: [certificates.ca] })))
      assert.deepInclude(received, { bytes: body.length, sha256: createHash("sha256").update(body).digest("hex") })
      assert.isTrue((yield* Effect.promise(() => fs.readFile(path.join(directory, "body")))).equals(body))
    })
  )

  it.live("shows a client certificate", () =>
    Effect.gen(function* () {
      const ours = yield* Certificates.make()
      const theirs = yield* Certificates.make()
      const server = yield* serve(() =>
        https.createServer(
          {
            cert: theirs.certificate,
            key: Redacted.value(theirs.key),
            requestCert: true,
            rejectUnauthorized: false
          },
          (request, response) => {
            const peer = (request.socket as import("node:tls").TLSSocket).getPeerX509Certificate()
            response.statusCode = peer?.subject.includes("PrivX simulator") === true ? 200 : 403
            answer(request, response)
          }
        )
      )
      yield* createSession(server.url, {
        ca: [theirs.ca],
        clientCertificate: { cert: ours.certificate, key: ours.key }
      })
      const failure = yield* Effect.flip(createSession(server.url, { ca: [theirs.ca] }))
      assert.strictEqual(failure._tag === "TransportError" ? 0 : failure.status, 403)
    })
  )
})

describe("proxies", () => {
  it.live("goes through HTTPS_PROXY by a tunnel, and around it for NO_PROXY", () =>
    Effect.gen(function* () {
      const certificates = yield* Certificates.make({ names: ["privx.invalid"] })
      const server = yield* serve(() =>
        https.createServer({ cert: certificates.certificate, key: Redacted.value(certificates.key) }, answer)
      )
      const proxy = yield* connectProxy
      // Only the proxy can resolve it.
      const url = new URL(`https://privx.invalid:${server.url.port}`)
      yield* environment({ HTTPS_PROXY: proxy.url.href, NO_PROXY: "" })
      yield* createSession(url, { ca: [certificates.ca] })
      assert.deepStrictEqual(proxy.targets, [url.host])
      // The tunnel carries the name to verify but no readable data: without the CA it is refused in the same way as
      // without a proxy.
      const failure = yield* Effect.flip(createSession(url, {}))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
      const asked = proxy.targets.length

      yield* environment({ NO_PROXY: "privx.invalid" })
      const direct = yield* Effect.flip(createSession(url, { ca: [certificates.ca] }))
      assert.deepInclude(direct, { _tag: "TransportError", reason: "nameResolution" })
      yield* environment({ NO_PROXY: "" })
      yield* Effect.flip(createSession(url, { ca: [certificates.ca], proxy: false }))
      // This machine needs no proxy.
      yield* createSession(server.url, { ca: [certificates.ca], proxy: false }).pipe(Effect.flip)
      assert.strictEqual(proxy.targets.length, asked)
    })
  )
})

describe("a proxy that does not let through", () => {
  it.live.each(["http", "https"] as const)("is named, not taken for PrivX (%s)", (scheme) =>
    Effect.gen(function* () {
      const refuses = yield* serve(() =>
        http
          .createServer((_, response) => void response.writeHead(407).end())
          .on("connect", (_, socket) => void socket.end("HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n"))
      )
      yield* environment({ HTTPS_PROXY: refuses.url.href, HTTP_PROXY: refuses.url.href, NO_PROXY: "" })
      const failure = yield* Effect.flip(createSession(new URL(`${scheme}://privx.invalid`), {}))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "proxyRefused" })
      assert.include(failure.message, refuses.url.host)
      assert.include(failure.message, "(407)")
      assert.include(failure.hint, "HTTPS_PROXY")
    })
  )
})

const answer: http.RequestListener = (_, response) => {
  response.setHeader("Content-Type", "application/json")
  response.end('{"id":"5bf77342-221c-11ee-be56-0242ac120002"}')
}

const serve = (make: () => http.Server) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: http.Server; readonly url: URL; readonly requests: Array<string> }>((resume) => {
      const requests: Array<string> = []
      const server = make()
      server.on("request", (request: http.IncomingMessage) => requests.push(request.method ?? ""))
      server.listen(0, "127.0.0.1", () => {
        const scheme = server instanceof https.Server ? "https" : "http"
        const { port } = server.address() as net.AddressInfo
        resume(Effect.succeed({ server, requests, url: new URL(`${scheme}://127.0.0.1:${port}`) }))
      })
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

/** A proxy that opens tunnels and records their destinations. */
const connectProxy = Effect.gen(function* () {
  const targets: Array<string> = []
  const { url } = yield* serve(() =>
    http.createServer().on("connect", (request, socket) => {
      targets.push(request.url ?? "")
      const target = new URL(`http://${request.url}`)
      const upstream = net.connect(Number(target.port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on("error", () => socket.destroy())
      socket.on("error", () => upstream.destroy())
      socket.on("close", () => upstream.destroy())
    })
  )
  return { url, targets }
})

/** Sets environment variables until the end of the test. */
const environment = (variables: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = { ...process.env }
      Object.assign(process.env, variables)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        process.env = before
      })
  )
