import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Lookup from "../src/Lookup.ts"
import * as Settings from "../src/Settings.ts"

const none: Settings.Flags = {
  baseUrl: "https://privx.example.com",
  caFiles: [],
  insecureHttp: false,
  config: undefined,
  dataDir: undefined
}

/** A home directory with a config file, and a shell to run commands. */
const host = Effect.fnUntraced(function* (toml: string, environment: Record<string, string> = {}, mode = 0o600) {
  const home = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-command-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
  )
  const file = path.join(home, ".config", "privx-kit", "config.toml")
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, toml)
  fs.chmodSync(file, mode)
  return { home, environment: { PATH: process.env["PATH"], ...environment } }
})

const command = (text: string) => `[auth]\napi_client_id = "privx-kit"\ncredential_command = ${JSON.stringify(text)}\n`

const secrets = `echo '{"api_client_secret": "one", "oauth_client_secret": "two"}'`

describe("the credential command", () => {
  it.effect("prints the secrets that the other sources lack", () =>
    Effect.gen(function* () {
      const here = yield* host(command(secrets))
      const { settings } = yield* Settings.resolve(none, here)
      if (settings.credentials._tag !== "ApiClient") return assert.fail(settings.credentials._tag)
      assert.strictEqual(settings.credentials.clientId, "privx-kit")
      assert.strictEqual(Redacted.value(settings.credentials.clientSecret), "one")
      assert.strictEqual(Redacted.value(settings.credentials.oauthClientSecret), "two")
      const { rows } = yield* Settings.inspect(none, here)
      const row = rows.find(({ title }) => title === "API client secret")
      assert.strictEqual(row?.value, "set (redacted)")
      assert.deepStrictEqual(row?.source, { kind: "command" })
      assert.strictEqual(Lookup.describe({ kind: "command" }), "credential command")
    })
  )

  it.effect("can print a token, and comes from the environment too", () =>
    Effect.gen(function* () {
      const here = yield* host("", { PRIVX_KIT_CREDENTIAL_COMMAND: `printf '{"token": "%s"}' abc` })
      const { settings } = yield* Settings.resolve(none, here)
      if (settings.credentials._tag !== "Token") return assert.fail(settings.credentials._tag)
      assert.strictEqual(Redacted.value(settings.credentials.token), "abc")
    })
  )

  it.effect("is not run if there are credentials without it", () =>
    Effect.gen(function* () {
      const here = yield* host(command("touch $HOME/was-run"), { PRIVX_API_TOKEN: "abc" })
      const { settings } = yield* Settings.resolve(none, {
        ...here,
        environment: { ...here.environment, HOME: here.home }
      })
      assert.strictEqual(settings.credentials._tag, "Token")
      assert.isFalse(fs.existsSync(path.join(here.home, "was-run")))
    })
  )

  it.effect.each([
    ["exit 3", "ends with exit code 3"],
    ["kill -TERM $$", "was stopped by SIGTERM"],
    ["echo hunter2", "does not print a JSON object"],
    [`echo '["hunter2"]'`, "does not print a JSON object"],
    [`echo '{"hunter2": "hunter2"}'`, "prints a field that is not a credential"],
    [`echo '{"api_client_secret": 5}'`, "prints a value of api_client_secret that is not a string"],
    ["yes hunter2", "prints more than 65536 characters"]
  ] as const)("%s: says what is wrong, and nothing that was printed", ([text, problem]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(Settings.resolve(none, yield* host(command(text))))
      assert.deepStrictEqual(
        failure.problems.map(({ problem, setting }) => [setting, problem]),
        [["credential command", problem]]
      )
      assert.notInclude(JSON.stringify(failure), "hunter2")
    })
  )

  it.effect("is not run from a file that other users can write", () =>
    Effect.gen(function* () {
      const here = yield* host(command(secrets), {}, 0o620)
      const failure = yield* Effect.flip(Settings.resolve(none, here))
      assert.strictEqual(failure.problems[0]?.problem, "can be written by other users (mode 0620)")
      assert.include(failure.problems[0]?.fix, "chmod go-w")
    })
  )
})
