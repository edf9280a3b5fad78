import { assert, describe, it } from "@effect/vitest"
import type * as Certificates from "@privx-kit/simulator/Certificates"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import * as path from "node:path"
import { DataFolder } from "../../src/DataFolder.ts"
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
      for (const name of ["settings", "host name", "connection", "certificate", "credentials", "data folder"]) {
        assert.match(ended.stdout, new RegExp(`✓ ${name}`))
      }
      assert.match(ended.stdout, /API client secret +set \(redacted\) +\$PRIVX_API_CLIENT_SECRET/)
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
      assert.deepStrictEqual(source("TOML file"), { kind: "flag", name: "--config" })
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

  it.live("tells an unknown CA, an expired certificate and one for another name apart", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [flaw: Certificates.Options["flaw"], ca: boolean, said: RegExp]> = [
        [undefined, false, /^signed by an unknown CA/],
        ["expired", true, /^expired on \d{4}-/],
        ["notYetValid", true, /^valid only from \d{4}-/],
        ["wrongName", true, /^not for 127\.0\.0\.1, but for wrong-name\.invalid/]
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

  it.live("says which credentials do not work, and what to do", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      const ended = yield* cli.run(["doctor", "--json"], { env: { ...env, PRIVX_API_CLIENT_SECRET: "not-it" } })
      assert.strictEqual(ended.code, 7, ended.stdout)
      assert.include(check(ended, "credentials")?.advice, "id and secret of the API client")
      assert.notInclude(ended.stdout, "not-it")
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
        /^accepted: PrivX gave a token, scope privx-user\W*\[31m$/
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

  it.live("says who works in the data folder, which is no fault, and that a folder cannot be used, which is one", () =>
    Effect.gen(function* () {
      const { env, home } = yield* simulated.start()
      const folder = path.join(home, "data")
      yield* Layer.build(DataFolder.layer(folder))
      const busy = yield* cli.run(["doctor", "--json", "--data-dir", folder], { env })
      assert.strictEqual(busy.code, 0)
      assert.deepInclude(check(busy, "data folder"), { outcome: "warning" })
      assert.include(check(busy, "data folder")?.detail, `process ${process.pid}`)
      fs.writeFileSync(path.join(home, "file"), "")
      const unusable = yield* cli.run(["doctor", "--json", "--data-dir", path.join(home, "file")], { env })
      assert.strictEqual(unusable.code, 14)
      assert.strictEqual(check(unusable, "data folder")?.outcome, "failed")
    })
  )

  it.live("changes nothing: it makes no data folder, and creates no session", () =>
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

/** A server that gives the same JSON to whoever asks, and its URL. */
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
