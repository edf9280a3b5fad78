import { assert, describe, it } from "@effect/vitest"
import * as Certificates from "@privx-kit/simulator/Certificates"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as https from "node:https"
import * as net from "node:net"
import * as path from "node:path"
import * as cli from "../support/cli.ts"
import * as program from "@privx-kit/testing/program"
import * as served from "../support/served.ts"
import * as simulated from "../support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** Waits until a server presents a certificate of that CA. */
const shown = (url: URL, ca: string) =>
  Effect.promise(
    () =>
      new Promise<boolean>((resolve) => {
        const request = https.get(new URL("/healthz", url), { ca, agent: false }, (response) => {
          resolve(response.resume().statusCode === 200)
        })
        request.on("error", () => resolve(false))
      })
  ).pipe(Effect.delay("100 millis"), Effect.repeat({ until: (trusted) => trusted }))

describe("privx-kit serve", () => {
  it.live(
    "serves over HTTPS, stops gracefully during a watch, and the watch continues with the next server",
    () =>
      Effect.gen(function* () {
        const privx = yield* simulated.start()
        const directory = yield* temporary.directory
        const at = (name: string) => path.join(directory, name)
        const { ca, certificate, key } = yield* Effect.orDie(Certificates.make())
        fs.writeFileSync(at("ca.pem"), ca)
        fs.writeFileSync(at("server.pem"), certificate)
        fs.writeFileSync(at("server.key"), Redacted.value(key), { mode: 0o600 })
        const tokenOf = served.tokens(at("tokens.toml"), { ci: "operator", mia: "approver" })
        const start = (listen: string) =>
          program.start(
            cli.program,
            [
              "serve",
              `--listen=${listen}`,
              `--tokens=${at("tokens.toml")}`,
              `--data-dir=${at("data")}`,
              `--tls-cert=${at("server.pem")}`,
              `--tls-key=${at("server.key")}`,
              "--json"
            ],
            { env: privx.env }
          )
        // Below the ephemeral ports of the system, so it is free for the second server too.
        const address = `127.0.0.1:${20_000 + crypto.randomInt(10_000)}`
        const first = yield* start(address)
        const url = new URL(JSON.parse(`{${yield* first.line("{")}`).result.url)
        assert.strictEqual(url.protocol, "https:")

        const env = { PRIVX_KIT_SERVER: url.origin, PRIVX_KIT_SERVER_TOKEN: tokenOf("ci") }
        const untrusted = yield* served.cli(env, "runs", "list")
        assert.strictEqual(untrusted.code, 5, untrusted.stderr)
        const set = yield* served.cli(env, "ueba", "setup", "--ca-file", at("ca.pem"), "--output", at("here"), "--json")
        assert.strictEqual(set.code, 0, set.stderr)
        const script = fs.readFileSync(at("here/privx-ueba-setup.sh"))
        assert.strictEqual(crypto.hash("sha256", script, "hex"), privx.simulator.scriptSha256)

        // The server presents a renewed certificate without a restart.
        const renewed = yield* Effect.orDie(Certificates.make())
        fs.writeFileSync(at("server.key"), Redacted.value(renewed.key))
        fs.writeFileSync(at("server.pem"), renewed.certificate)
        fs.appendFileSync(at("ca.pem"), renewed.ca)
        yield* shown(url, renewed.ca)

        const waiting = yield* served.cli(
          env,
          "ueba",
          "setup",
          `--ca-file=${at("ca.pem")}`,
          "--require-approval=always",
          "--no-wait",
          "--json"
        )
        assert.strictEqual(waiting.code, 18, waiting.stderr)
        const { runId } = JSON.parse(waiting.stdout).error
        let watchOutput = () => ""
        const watching = yield* Effect.forkChild(
          cli.run(["runs", "watch", runId, "--json", "--ca-file", at("ca.pem")], {
            env,
            onStart: (stdout) => {
              watchOutput = stdout
            }
          }),
          { startImmediately: true }
        )
        yield* Effect.suspend(() => Effect.succeed(watchOutput())).pipe(
          Effect.delay("20 millis"),
          Effect.repeat({ until: (text) => text.includes('"waiting"') })
        )
        yield* first.signal("SIGTERM")
        assert.strictEqual(yield* first.exitCode, 0, first.output())
        assert.notInclude(first.output(), tokenOf("ci"))

        const second = yield* start(address)
        assert.strictEqual(JSON.parse(`{${yield* second.line("{")}`).result.url, url.origin, second.output())
        const approved = yield* Effect.promise(
          () =>
            new Promise<number>((resolve, reject) => {
              const request = https.request(
                new URL(`/api/v1/runs/${runId}/approve`, url),
                {
                  method: "POST",
                  ca: renewed.ca,
                  headers: { authorization: `Bearer ${tokenOf("mia")}`, "content-type": "application/json" }
                },
                (response) => resolve(response.resume().statusCode ?? 0)
              )
              request.on("error", reject)
              request.end(JSON.stringify({ sha256: privx.simulator.scriptSha256, attempt: 1 }))
            })
        )
        assert.strictEqual(approved, 200)
        const watched = yield* Fiber.join(watching)
        assert.strictEqual(watched.code, 0, watched.stderr)
        const last = JSON.parse(watched.stdout.trimEnd().split("\n").at(-1) ?? "").result
        assert.strictEqual(last.status, "succeeded")
        assert.strictEqual(last.review.decision.by, "mia")
        yield* privx.assertNoSecretIn(first.output(), second.output(), watched, set)
      }),
    120_000
  )

  it.live("refuses insecure settings before it starts", () =>
    Effect.gen(function* () {
      const privx = yield* simulated.start()
      const tokens = path.join(privx.home, "tokens.toml")
      served.tokens(tokens, { ci: "operator" })
      const dataDir = path.join(privx.home, "data")
      const serve = (...args: ReadonlyArray<string>) => served.cli(privx.env, "serve", "--data-dir", dataDir, ...args)
      assert.strictEqual((yield* serve()).code, 2)
      assert.strictEqual((yield* serve("--tokens", tokens, "--listen", "0.0.0.0:0")).code, 2)
      assert.strictEqual((yield* serve("--insecure-no-auth", "--listen", "0.0.0.0:0", "--insecure-listen")).code, 2)
      assert.strictEqual((yield* serve("--insecure-no-auth", "--tokens", tokens)).code, 2)
      assert.strictEqual((yield* serve("--tokens", tokens, "--listen", "nonsense")).code, 2)
      assert.strictEqual((yield* serve("--tokens", tokens, "--tls-cert", tokens)).code, 2)
      assert.strictEqual((yield* serve("--tokens", tokens, "--tls-cert", tokens, "--tls-key", tokens)).code, 3)
      assert.isFalse(fs.existsSync(dataDir))
      assert.strictEqual((yield* serve("--tokens", path.join(privx.home, "none"))).code, 3)
      fs.chmodSync(tokens, 0o666)
      const exposed = yield* serve("--tokens", tokens)
      assert.strictEqual(exposed.code, 3)
      assert.include(exposed.stderr, "can be written by other users (mode 0666)")
      fs.chmodSync(tokens, 0o600)
      for (const flag of ["tls-key", "tls-cert", "fleet", "config"]) {
        const file = path.join(privx.home, flag)
        fs.writeFileSync(file, "")
        fs.chmodSync(file, 0o666)
        const pair = flag === "tls-key" ? ["--tls-cert", tokens] : flag === "tls-cert" ? ["--tls-key", tokens] : []
        const refused = yield* serve("--tokens", tokens, ...pair, flag === "fleet" ? "--hosts" : `--${flag}`, file)
        assert.strictEqual(refused.code, 3, refused.stderr)
        assert.include(refused.stderr, `${file} can be written by other users (mode 0666)`)
      }
      const taken = yield* Effect.acquireRelease(
        Effect.promise(
          () =>
            new Promise<net.Server>((resolve) => {
              const server = net.createServer().listen(0, "127.0.0.1", () => resolve(server))
            })
        ),
        (server) => Effect.sync(() => server.close())
      )
      const address = taken.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      assert.strictEqual((yield* serve("--tokens", tokens, "--listen", `127.0.0.1:${port}`)).code, 17)
    })
  )

  it.live("makes a token that it shows once, and an entry that does not hold it", () =>
    Effect.gen(function* () {
      const ended = yield* served.cli(
        {},
        "serve",
        "token",
        "--name",
        "ci",
        "--role",
        "operator",
        "--expires",
        "2999-01-31"
      )
      assert.strictEqual(ended.code, 0, ended.stderr)
      const [token = ""] = /pxk_[\w-]{43}/.exec(ended.stderr) ?? []
      assert.notInclude(ended.stdout, token)
      assert.include(ended.stdout, `sha256 = "${crypto.hash("sha256", token, "hex")}"`)
      assert.include(ended.stdout, "expires = 2999-01-31T00:00:00.000Z")
      assert.strictEqual((yield* served.cli({}, "serve", "token", "--name", "c i", "--role", "operator")).code, 2)
    })
  )
})
