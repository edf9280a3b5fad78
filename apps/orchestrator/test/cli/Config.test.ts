import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as temporary from "@privx-kit/testing/temporary"
import * as fs from "node:fs"
import * as path from "node:path"
import * as ConfigText from "../../src/cli/config/ConfigText.ts"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"
import * as terminal from "../support/terminal.ts"

describe("privx-kit config", () => {
  it.live("init writes a commented file for this account only, and never replaces one unasked", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "new", "config.toml")
      const init = (...args: ReadonlyArray<string>) => inProcess.run(["config", "init", "--config", file, ...args])
      const first = yield* init("--base-url", "https://privx.example.com", "--client-id", "kit")
      assert.strictEqual(first.code, 0, first.stderr)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      const text = fs.readFileSync(file, "utf8")
      assert.include(text, 'base_url = "https://privx.example.com"\n')
      assert.include(text, 'api_client_id = "kit"\n')
      assert.include(text, '# api_client_secret = "API Client Secret"\n')
      const again = yield* init()
      assert.strictEqual(again.code, 2)
      assert.include(again.stderr, `${file} exists already.`)
      assert.strictEqual(fs.readFileSync(file, "utf8"), text)
      assert.strictEqual((yield* init("--force", "--base-url", "http://privx.example.com:x")).code, 3)
    })
  )

  it.live.runIf(terminal.missing === undefined)("init asks at a terminal, and does not show secrets", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      const asked = yield* terminal.start(["config", "init"], { HOME: home })
      for (const [question, answer] of [
        ["URL of PrivX", "https://privx.example.com"],
        ["API Client ID", "kit"],
        ["API Client Secret", "hunter2"],
        ["OAuth Client Secret", "hunter3"],
        ["PEM file", ""]
      ] as const) {
        yield* asked.shows(question)
        yield* asked.type(`${answer}\r`)
      }
      assert.strictEqual(yield* asked.exitCode, 0, asked.shown())
      assert.notMatch(asked.shown(), /hunter[23]/)
      const text = fs.readFileSync(path.join(home, ".config", "privx-kit", "config.toml"), "utf8")
      assert.include(text, 'api_client_secret = "hunter2"\n')
      assert.include(text, 'oauth_client_secret = "hunter3"\n')
    })
  )

  it.live("set changes one value and keeps the comments; get prints what counts", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const file = path.join(directory, "config.toml")
      const config = (...args: ReadonlyArray<string>) => inProcess.run(["config", ...args, "--config", file])
      fs.writeFileSync(file, '# mine\n[api]\nbase_url = "https://old.example.com" # the old one\n', { mode: 0o600 })
      assert.strictEqual((yield* config("set", "base_url", "https://new.example.com")).code, 0)
      assert.strictEqual((yield* config("set", "api_client_id", 'a "b"')).code, 0)
      fs.writeFileSync(path.join(directory, "ca.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
      assert.strictEqual((yield* config("set", "ca_file", path.join(directory, "ca.pem"))).code, 0)
      assert.strictEqual(
        fs.readFileSync(file, "utf8"),
        '# mine\n[api]\napi_ca_crt = """\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"""\n' +
          'base_url = "https://new.example.com" # the old one\n\n[auth]\napi_client_id = "a \\"b\\""\n'
      )
      const got = yield* config("get", "base_url")
      assert.strictEqual(got.stdout, "https://new.example.com\n")
      assert.strictEqual((yield* config("get", "exchange_scope")).code, 3)
      assert.strictEqual((yield* config("set", "base_url", "nonsense")).code, 3)
      const secret = yield* config("set", "api_client_secret", "hunter2")
      assert.strictEqual(secret.code, 2)
      assert.notInclude(secret.stdout + secret.stderr, "hunter2")
    })
  )

  it("adds a value to a section, a section to a file, and finds quoted names", () => {
    assert.strictEqual(ConfigText.set("", "api", "a", "1"), "[api]\na = 1\n")
    assert.strictEqual(ConfigText.set("[api]", "api", "a", "1"), "[api]\na = 1")
    assert.strictEqual(ConfigText.set("[api]\nb = 2\n", "api", "a", "1"), "[api]\na = 1\nb = 2\n")
    assert.strictEqual(ConfigText.set('[api]\n"a" = 2\n', "api", "a", "1"), '[api]\n"a" = 1\n')
  })
})

describe("privx-kit support-bundle", () => {
  it.live("has versions, settings, checks and runs, and no secret", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      const file = path.join(home, "bundle.json")
      const log = path.join(home, ".local/share/privx-kit/executions/1f0c/1.log")
      fs.mkdirSync(path.dirname(log), { recursive: true })
      fs.writeFileSync(log, "curl -H 'Authorization: Bearer abcdefghijkl' hunter2-secret pxk_abc\n")
      const { code, stderr } = yield* cli.run(["support-bundle", "--file", file], {
        env: {
          HOME: home,
          PRIVX_API_BASE_URL: "https://127.0.0.1:1",
          PRIVX_API_TOKEN: "hunter2-secret",
          PRIVX_KIT_DATABASE_URL: "postgres://kit:hunter4@db.example.com/kit",
          NO_PROXY: "*"
        }
      })
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      const text = fs.readFileSync(file, "utf8")
      const bundle = JSON.parse(text)
      assert.strictEqual(bundle.versions.node, process.versions.node)
      assert.isFalse(bundle.doctor.healthy)
      assert.include(bundle.variables, "PRIVX_API_TOKEN")
      assert.deepStrictEqual(bundle.runs, [])
      assert.deepStrictEqual(bundle.logs, [
        { file: "1f0c/1.log", end: "curl -H 'Authorization: Bearer (redacted)' (redacted) (redacted)\n" }
      ])
      assert.notMatch(text, /hunter[24]|abcdefghijkl/)
    })
  )
})
