import { assert, describe, it } from "@effect/vitest"
import type * as Certificates from "@privx-kit/simulator/Certificates"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import * as path from "node:path"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as cli from "../support/cli.ts"
import * as simulated from "../support/simulated.ts"

interface Report {
  readonly healthy: boolean
  readonly settings: ReadonlyArray<{ readonly name: string; readonly value: string; readonly source: unknown }>
  readonly checks: ReadonlyArray<{
    readonly name: string
    readonly outcome: string
    readonly detail: string
    readonly advice: string
  }>
}

const reportOf = (ended: cli.Ended): Report => JSON.parse(ended.stdout).result

const check = (ended: cli.Ended, name: string) => reportOf(ended).checks.find((check) => check.name === name)

describe("privx-kit doctor", () => {
  it.live("finds nothing wrong where nothing is, and shows secrets as set", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, env } = yield* simulated.start()
      const ended = yield* cli.run(["doctor"], { env })
      assert.strictEqual(ended.code, 0, ended.stdout)
      for (const name of ["settings", "host name", "connection", "certificate", "credentials", "data directory"]) {
        assert.match(ended.stdout, new RegExp(`✓ ${name}`))
      }
      assert.match(ended.stdout, /API client secret +set \(redacted\)\s+\$PRIVX_API_CLIENT_SECRET/)
      yield* assertNoSecretIn(ended)
    })
  )

  it.live("says where each value comes from: flag, environment, TOML file, default", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, env, home, simulator } = yield* simulated.start()
      const { clientId, clientSecret, oauthClientSecret } = simulator.apiClient
      const config = path.join(home, "privx.toml")
      fs.writeFileSync(
        config,
        [
          "[api]",
          `base_url = "https://hidden.example.com"`,
          `api_ca_crt = """${simulator.ca.join("")}"""`,
          "[auth]",
          `api_client_id = "${clientId}"`,
          `api_client_secret = "${Redacted.value(clientSecret)}"`
        ].join("\n"),
        { mode: 0o600 }
      )
      const ended = yield* cli.run(["doctor", "--json", "--config", config, "--base-url", simulator.url.origin], {
        env: { HOME: home, PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(oauthClientSecret) }
      })
      assert.strictEqual(ended.code, 0, ended.stdout)
      const source = (name: string) => reportOf(ended).settings.find((row) => row.name === name)?.source
      assert.deepStrictEqual(source("base URL"), { kind: "flag", name: "--base-url" })
      assert.deepStrictEqual(source("config file"), { kind: "flag", name: "--config" })
      assert.deepStrictEqual(source("API client secret"), { kind: "file", path: config, key: "auth.api_client_secret" })
      assert.deepStrictEqual(source("CA certificates"), { kind: "file", path: config, key: "api.api_ca_crt" })
      assert.deepStrictEqual(source("OAuth client secret"), {
        kind: "environment",
        name: "PRIVX_API_OAUTH_CLIENT_SECRET"
      })
      assert.deepStrictEqual(source("OAuth client id"), { kind: "default" })
      assert.isNull(source("token"))
      yield* assertNoSecretIn(ended)
      assert.notInclude(ended.stdout, env.PRIVX_API_CLIENT_SECRET)
    })
  )

  it.live("distinguishes an unknown CA, an expired certificate and a certificate for another name", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [flaw: Certificates.Options["flaw"], ca: boolean, said: RegExp]> = [
        [undefined, false, /is signed by an unknown CA: .*subject "CN=PrivX simulator/],
        ["expired", true, /has expired: sent by the server: .* to \d{4}-/],
        ["notYetValid", true, /is not valid yet: .*valid from \d{4}-/],
        ["wrongName", true, /not for 127\.0\.0\.1, but for wrong-name\.invalid/]
      ]
      for (const [flaw, ca, said] of cases) {
        const { env } = yield* simulated.start({ tls: flaw === undefined ? true : { flaw } })
        const ended = yield* cli.run(["doctor", "--json"], { env: ca ? env : { ...env, PRIVX_API_CA_FILE: "" } })
        assert.strictEqual(ended.code, 5, ended.stdout)
        assert.match(check(ended, "certificate")?.detail ?? "", said)
        assert.isNotEmpty(check(ended, "certificate")?.advice)
        assert.strictEqual(check(ended, "credentials")?.outcome, "skipped")
        assert.isFalse(reportOf(ended).healthy)
      }
    })
  )

  it.live("examines the proxy in the place of a host that only the proxy can resolve", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      const doctor = (proxy: string, more: Record<string, string> = {}) =>
        cli.run(["doctor", "--json", "--base-url", "https://privx.invalid"], {
          env: { ...env, HTTPS_PROXY: proxy, ...more }
        })
      // A proxy without a scheme, on whose port nothing listens.
      const dead = yield* doctor("127.0.0.1:9")
      assert.strictEqual(dead.code, 4, dead.stdout)
      assert.match(check(dead, "host name")?.detail ?? "", /privx\.invalid is resolved by the proxy/)
      assert.match(check(dead, "connection")?.detail ?? "", /of the proxy http:\/\/127\.0\.0\.1:9 \(HTTPS_PROXY\)/)

      const wrong = yield* doctor("ftp://127.0.0.1:9")
      assert.strictEqual(wrong.code, 3, wrong.stdout)
      assert.match(check(wrong, "connection")?.detail ?? "", /HTTPS_PROXY names no usable proxy/)

      const around = yield* doctor("127.0.0.1:9", { NO_PROXY: ".invalid" })
      assert.match(check(around, "host name")?.detail ?? "", /privx\.invalid does not resolve/)
    })
  )

  it.live("says which credentials do not work, and what to do", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      const ended = yield* cli.run(["doctor", "--json"], { env: { ...env, PRIVX_API_CLIENT_SECRET: "not-it" } })
      assert.strictEqual(ended.code, 7, ended.stdout)
      assert.include(check(ended, "credentials")?.advice, "Check the API client's id and secret")
      assert.notInclude(ended.stdout, "not-it")
    })
  )

  it.live("names the kind of login, and suggests another one where that is likely", () =>
    Effect.gen(function* () {
      const { env, simulator } = yield* simulated.start()
      const { HOME, PRIVX_API_BASE_URL, PRIVX_API_CA_FILE, PRIVX_API_CLIENT_ID, PRIVX_API_CLIENT_SECRET } = env
      const host = { HOME, PRIVX_API_BASE_URL, PRIVX_API_CA_FILE }
      const client = { PRIVX_API_CLIENT_ID, PRIVX_API_CLIENT_SECRET }
      const credentials = (more: Readonly<Record<string, string>>) =>
        Effect.map(cli.run(["doctor", "--json"], { env: { ...host, ...more } }), (ended) => {
          const found = check(ended, "credentials")
          return [ended.code, found?.detail, found?.advice] as const
        })
      const domain = { ...client, PRIVX_API_CLIENT_DOMAIN: "privx-external" }
      const [accepted, detail] = yield* credentials(domain)
      assert.strictEqual(accepted, 0, detail)
      assert.include(
        detail,
        `by client credentials login, for the API client ${PRIVX_API_CLIENT_ID} in the domain privx-external`
      )
      const [exchanged, how] = yield* credentials({
        PRIVX_EXCHANGE_TOKEN: Redacted.value(simulator.exchangeToken)
      })
      assert.strictEqual(exchanged, 0, how)
      assert.include(how, "PrivX issued a token by token exchange")
      const [refused, why, advice] = yield* credentials({ ...domain, PRIVX_API_CLIENT_SECRET: "not-it" })
      assert.strictEqual(refused, 7)
      assert.include(why, "The token was requested by client credentials login")
      assert.include(advice, "PRIVX_API_OAUTH_CLIENT_SECRET instead of PRIVX_API_CLIENT_DOMAIN")
      const [unset, , missing] = yield* credentials(client)
      assert.strictEqual(unset, 3, missing)
    })
  )

  it.live("shows the scope that PrivX gave with a token, which says nothing of itself", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      const url = yield* answering('{"access_token":"opaque","token_type":"Bearer","scope":"privx-user\\u001b[31m"}')
      const ended = yield* cli.run(["doctor", "--json"], { env: { ...env, PRIVX_API_BASE_URL: url } })
      assert.strictEqual(ended.code, 0, ended.stdout)
      assert.match(
        check(ended, "credentials")?.detail ?? "",
        /^accepted: PrivX issued a token by password login, for the API client \S+ and the OAuth client \S+, scope privx-user\W*\[31m$/
      )
      assert.notInclude(ended.stdout, "opaque")
    })
  )

  it.live("finds a name that does not resolve", () =>
    Effect.gen(function* () {
      const env = { PRIVX_API_TOKEN: "t", PRIVX_API_BASE_URL: "https://no-such-host.invalid" }
      const ended = yield* cli.run(["doctor", "--json"], { env })
      assert.strictEqual(ended.code, 4)
      assert.include(check(ended, "host name")?.detail, "no-such-host.invalid does not resolve")
    })
  )

  it.live(
    "says who works in the data directory, which is no fault, and that a directory cannot be used, which is one",
    () =>
      Effect.gen(function* () {
        const { env, home } = yield* simulated.start()
        const directory = path.join(home, "data")
        yield* Layer.build(DataDirectory.layer(directory))
        const busy = yield* cli.run(["doctor", "--json", "--data-dir", directory], { env })
        assert.strictEqual(busy.code, 0)
        assert.deepInclude(check(busy, "data directory"), { outcome: "warning" })
        assert.include(check(busy, "data directory")?.detail, `process ${process.pid}`)
        fs.writeFileSync(path.join(home, "file"), "")
        const unusable = yield* cli.run(["doctor", "--json", "--data-dir", path.join(home, "file")], { env })
        assert.strictEqual(unusable.code, 14)
        assert.strictEqual(check(unusable, "data directory")?.outcome, "failed")
      })
  )

  it.live("changes nothing: it makes no data directory, and creates no session", () =>
    Effect.gen(function* () {
      const { env, home, simulator } = yield* simulated.start()
      yield* cli.run(["doctor"], { env })
      assert.isFalse(fs.existsSync(path.join(home, ".local")))
      assert.deepStrictEqual(
        (yield* simulator.requests).map(({ operation }) => operation),
        ["Auth.token"]
      )
    })
  )
})

/** A server that responds to every request with the same JSON, and its URL. */
const answering = (body: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<http.Server>((resume) => {
        const server = http.createServer((_, response) => {
          response.setHeader("Content-Type", "application/json").end(body)
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close().closeAllConnections())
    ),
    (server) => `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
  )
