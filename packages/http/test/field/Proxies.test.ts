/** Field conditions: proxies of every kind, working, dead and refusing. */
import { assert, describe, it } from "@effect/vitest"
import type { Reason } from "@privx-kit/http/TransportError"
import type { Options } from "@privx-kit/http/Connection"
import * as Effect from "effect/Effect"
import * as net from "node:net"
import * as Logins from "../Logins.ts"
import * as TestApi from "../TestApi.ts"
import * as WireServer from "../WireServer.ts"
import * as Certificates from "./Certificates.ts"
import * as Proxies from "./Proxies.ts"

const made = (options: Parameters<typeof Certificates.make>[0]) => Effect.promise(() => Certificates.make(options))

const ok = WireServer.answer(200, '{"name":"n"}')

/** A name that no resolver knows, so only the proxy can have reached the server. */
const host = "privx.invalid"

const read = (url: URL | string, options: Omit<Options, "baseUrl">) =>
  Effect.provide(TestApi.read(), TestApi.layer(new URL(url), options))

const closedPort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
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

const privx = Effect.gen(function* () {
  const root = yield* made({ name: "root", ca: true })
  const leaf = yield* made({ name: "leaf", issuer: root, hosts: [host] })
  const server = yield* Certificates.serve([leaf])
  return { ca: [root.pem], root, url: `https://${host}:${server.url.port}` }
})

describe("a proxy", () => {
  it.live("over http, named without a scheme, tunnels to https and gets the password with a raw %", () =>
    Effect.gen(function* () {
      const { ca, url } = yield* privx
      const proxy = yield* Proxies.http1()
      yield* read(url, { ca, proxy: `alice:100%@127.0.0.1:${proxy.port}` })
      assert.deepStrictEqual(proxy.asked, [`CONNECT ${new URL(url).host}`])
      assert.deepStrictEqual(proxy.credentials, ["alice:100%"])
    })
  )

  it.live("over http forwards plain http", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ok)
      const proxy = yield* Proxies.http1()
      yield* environment({ HTTP_PROXY: `http://bob:p%40ss@127.0.0.1:${proxy.port}` })
      yield* read(`http://${host}:${server.url.port}`, {})
      assert.deepStrictEqual(proxy.asked, [`GET http://${host}:${server.url.port}/things/1`])
      assert.deepStrictEqual(proxy.credentials, ["bob:p@ss"])
      assert.strictEqual(server.received[0]?.headers.host, `${host}:${server.url.port}`)
      assert.isUndefined(server.received[0]?.headers["proxy-authorization"])
    })
  )

  it.live("over https is trusted by the CAs that were given", () =>
    Effect.gen(function* () {
      const { ca, root, url } = yield* privx
      const own = yield* made({ name: "proxy", issuer: root, hosts: ["127.0.0.1"] })
      const key = yield* Effect.promise(() => Certificates.keyOf(own))
      const proxy = yield* Proxies.http1({ tls: { cert: own.pem, key } })
      yield* read(url, { ca, proxy: `https://127.0.0.1:${proxy.port}` })
      assert.strictEqual(proxy.asked.length, 1)
      const plain = yield* WireServer.make(() => ok)
      yield* read(`http://${host}:${plain.url.port}`, { ca, proxy: `https://127.0.0.1:${proxy.port}` })
      assert.strictEqual(proxy.asked.length, 2)

      const failure = yield* Effect.flip(read(url, { proxy: `https://127.0.0.1:${proxy.port}` }))
      assert.deepInclude(failure, { reason: "tls", proxy: `https://127.0.0.1:${proxy.port}` })
    })
  )

  it.live.each(["socks5h", "socks"])("over SOCKS 5 resolves the name itself (%s)", (scheme) =>
    Effect.gen(function* () {
      const { ca, url } = yield* privx
      const proxy = yield* Proxies.socks({ password: "pa:ss@%" })
      yield* environment({ ALL_PROXY: `${scheme}://alice:pa:ss@%@127.0.0.1:${proxy.port}` })
      yield* read(url, { ca })
      assert.deepStrictEqual(proxy.asked, [`SOCKS ${new URL(url).host}`])
      assert.deepStrictEqual(proxy.credentials, ["alice:pa:ss@%"])
    })
  )

  it.live("over SOCKS 5 carries plain http as well, and an address that this machine has resolved", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ok)
      const proxy = yield* Proxies.socks()
      const options = { proxy: `socks5://127.0.0.1:${proxy.port}` }
      yield* read(server.url, options)
      assert.deepStrictEqual(proxy.asked, [`SOCKS ${server.url.host}`])
      const unknown = yield* Effect.flip(read(`http://${host}:${server.url.port}`, options))
      assert.deepInclude(unknown, { reason: "nameResolution" })
    })
  )

  it.live("is not asked for this machine, whatever the environment says", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(() => ok)
      const proxy = yield* Proxies.http1()
      const url = `http://127.0.0.1:${proxy.port}`
      yield* environment({ HTTP_PROXY: url, http_proxy: url, ALL_PROXY: url, NO_PROXY: "" })
      yield* read(server.url, {})
      yield* read(`http://localhost:${server.url.port}`, {})
      assert.deepStrictEqual(proxy.asked, [])
    })
  )
})

describe("a failure of the proxy is the proxy's", () => {
  const failures: ReadonlyArray<{
    readonly condition: string
    readonly proxy: Effect.Effect<string, never, import("effect/Scope").Scope>
    readonly reason: Reason
    readonly attempts?: number
  }> = [
    {
      condition: "nothing listens there",
      proxy: Effect.map(closedPort, (port) => `http://127.0.0.1:${port}`),
      reason: "refused"
    },
    {
      condition: "nothing listens there (SOCKS)",
      proxy: Effect.map(closedPort, (port) => `socks5h://127.0.0.1:${port}`),
      reason: "refused"
    },
    {
      condition: "its name does not resolve",
      proxy: Effect.succeed("http://proxy.invalid:3128"),
      reason: "nameResolution"
    },
    {
      condition: "it does not accept the credentials (407)",
      proxy: Effect.map(Proxies.http1({ status: 407 }), ({ port }) => `http://alice:secret-pw@127.0.0.1:${port}`),
      reason: "proxyRefused"
    },
    {
      condition: "it forbids the host (403)",
      proxy: Effect.map(Proxies.http1({ status: 403 }), ({ port }) => `http://127.0.0.1:${port}`),
      reason: "proxyRefused"
    },
    {
      condition: "it does not reach the server (502)",
      proxy: Effect.map(Proxies.http1({ status: 502 }), ({ port }) => `http://127.0.0.1:${port}`),
      reason: "refused"
    },
    {
      condition: "it closes the connection",
      proxy: Effect.map(
        WireServer.make(() => ["close"]),
        ({ url }) => url.href
      ),
      reason: "reset"
    },
    {
      condition: "it speaks no HTTP",
      proxy: Effect.map(
        WireServer.make(() => ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "close"]),
        ({ url }) => url.href
      ),
      reason: "reset"
    },
    {
      condition: "it is silent",
      proxy: Effect.map(
        WireServer.make(() => ["hang"]),
        ({ url }) => url.href
      ),
      reason: "timeout"
    },
    {
      condition: "its password is wrong (SOCKS)",
      proxy: Effect.map(Proxies.socks({ password: "right" }), ({ port }) => `socks5h://a:secret-pw@127.0.0.1:${port}`),
      reason: "proxyRefused"
    },
    {
      condition: "it does not reach the server (SOCKS)",
      proxy: Effect.map(Proxies.socks({ reply: 4 }), ({ port }) => `socks5h://127.0.0.1:${port}`),
      reason: "refused"
    },
    {
      condition: "it forbids the host (SOCKS)",
      proxy: Effect.map(Proxies.socks({ reply: 2 }), ({ port }) => `socks5h://127.0.0.1:${port}`),
      reason: "proxyRefused"
    },
    {
      condition: "it is silent (SOCKS)",
      proxy: Effect.map(Proxies.socks({ silent: true }), ({ port }) => `socks5h://127.0.0.1:${port}`),
      reason: "timeout"
    }
  ]

  it.live.each(failures)("$condition", ({ proxy, reason }) =>
    Effect.gen(function* () {
      const url = yield* proxy
      const options = { proxy: url, attemptTimeout: "300 millis", deadline: "2 seconds" } as const
      const failure = yield* Effect.flip(read(`https://${host}`, options))
      assert.deepInclude(failure, { _tag: "TransportError", reason, origin: `https://${host}` })
      assert.notInclude(Logins.shown(failure), "secret-pw")
      const at = new URL(url).host
      assert.include(failure.message, at)
      assert.include(failure.hint, "NO_PROXY")
    })
  )

  it.live.each(["ftp://127.0.0.1:21", "http://", "127.0.0.1:99999", "socks4://127.0.0.1:1080"])(
    "its setting cannot be used, which is a failure and no defect: %s",
    (proxy) =>
      Effect.gen(function* () {
        yield* environment({ HTTPS_PROXY: proxy })
        const failure = yield* Effect.flip(read(`https://${host}`, {}))
        assert.deepInclude(failure, { _tag: "TransportError", reason: "invalidRequest" })
        assert.include(failure.message, "HTTPS_PROXY")
      })
  )

  it.live("a certificate of PrivX behind it is not", () =>
    Effect.gen(function* () {
      const { url } = yield* privx
      const proxy = yield* Proxies.http1()
      const failure = yield* Effect.flip(read(url, { proxy: `http://127.0.0.1:${proxy.port}` }))
      assert.deepInclude(failure, { reason: "tls", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })
      assert.notProperty(failure, "proxy")
      assert.include(failure.message, 'subject "CN=leaf"')
    })
  )
})
