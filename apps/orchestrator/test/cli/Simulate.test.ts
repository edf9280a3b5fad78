import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../support/cli.ts"
import * as temporary from "@privx-kit/testing/temporary"

describe("privx-kit simulate", () => {
  it.live(
    "prints what is needed to use it, serves until it is interrupted, and shows each request without its secrets",
    () =>
      Effect.gen(function* () {
        const home = yield* temporary.directory
        const caFile = path.join(home, "ca.pem")
        let environment: Record<string, string> = {}
        const used = Effect.gen(function* () {
          yield* Effect.sync(() => fs.existsSync(caFile)).pipe(
            Effect.delay("20 millis"),
            Effect.repeat({ until: (there) => there })
          )
          environment = yield* Effect.sync(() => exported(printed())).pipe(
            Effect.delay("20 millis"),
            Effect.repeat({ until: (all) => "PRIVX_PLAYBACK_SESSION_ID" in all })
          )
          const env = { HOME: home, ...environment }
          const doctor = yield* cli.run(["doctor"], { env })
          assert.strictEqual(doctor.code, 0, doctor.stdout)
          const playback = yield* cli.run(["playback", "reauthenticate"], { env })
          assert.strictEqual(playback.code, 0, playback.stderr)
          assert.notInclude(playback.stdout + playback.stderr, environment["PRIVX_PLAYBACK_SESSION_ID"] ?? "?")
        })
        let printed = () => ""
        const ended = yield* cli.run(
          ["simulate", "--tls", "--ca-out", caFile, "--fault", "reauthenticate:503/MAX_LOAD*1"],
          {
            onStart: (stdout) => {
              printed = stdout
            },
            interrupt: { signal: "SIGINT", when: used }
          }
        )
        assert.strictEqual(ended.code, 130)
        assert.match(ended.stderr, /503 POST Playback\.reauthenticate fault Error/)
        assert.match(ended.stderr, /200 POST Playback\.reauthenticate/)
        assert.notInclude(ended.stderr, environment["PRIVX_PLAYBACK_SESSION_ID"] ?? "?")
      })
  )

  it.live("takes its temporary CA file with it", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      let printed = () => ""
      const up = Effect.sync(() => printed()).pipe(
        Effect.delay("20 millis"),
        Effect.repeat({ until: (text) => text.endsWith("}\n") })
      )
      const ended = yield* cli.run(["simulate", "--tls", "--json"], {
        env: { TMPDIR: home },
        onStart: (stdout) => {
          printed = stdout
        },
        interrupt: { signal: "SIGTERM", when: up }
      })
      assert.strictEqual(ended.code, 143)
      const { caFile } = JSON.parse(ended.stdout).result
      assert.isTrue(String(caFile).startsWith(home))
      assert.deepStrictEqual(temporary.filesBelow(home), [])
    })
  )

  it.live.each(["exchange", "client-credentials"])("offers another login to a command: %s", (login) =>
    Effect.gen(function* () {
      const env = { HOME: yield* temporary.directory }
      const doctor = yield* cli.run(["simulate", "--login", login, "--", "privx-kit", "doctor", "--json"], { env })
      assert.strictEqual(doctor.code, 0, doctor.stdout)
      assert.include(doctor.stdout, login === "exchange" ? "by token exchange" : "by client credentials login")
    })
  )

  it.live("runs a command with everything set, and exits with its exit code", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      const env = { HOME: home, PRIVX_API_TOKEN: "of-another-host", PRIVX_KIT_CONFIG: "/nonexistent/other.toml" }
      const doctor = yield* cli.run(["simulate", "--tls", "--", "privx-kit", "doctor", "--json"], { env })
      assert.strictEqual(doctor.code, 0, doctor.stderr)
      assert.strictEqual(doctor.stderr, "")
      const { healthy } = JSON.parse(doctor.stdout).result
      assert.isTrue(healthy)
      const refused = yield* cli.run(
        ["simulate", "--fault", "createSession:403/PERMISSION_DENIED", "--", "privx-kit", "ueba", "setup"],
        { env }
      )
      assert.strictEqual(refused.code, 8)
      assert.include(refused.stderr, "PERMISSION_DENIED")
      const shell = yield* cli.run(["simulate", "--", "sh", "-c", "kill -TERM $$"], { env })
      assert.strictEqual(shell.code, 143)
      const missing = yield* cli.run(["simulate", "--", "no-such-command"], { env })
      assert.strictEqual(missing.code, 2)
      assert.include(missing.stderr, "Cannot start no-such-command: no such command exists.")
      const json = yield* cli.run(["simulate", "--json", "--", "true"], { env })
      assert.strictEqual(json.code, 2)
      assert.deepStrictEqual(
        temporary.filesBelow(home).filter((file) => file.endsWith(".pem") && file.includes("ca")),
        []
      )
    })
  )

  it.live("writes its settings, and keeps credentials, playback session and port at the next start", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      const file = path.join(home, "simulator.toml")
      const one = yield* cli.run(
        ["simulate", "--tls", "--write-config", file, "--", "privx-kit", "doctor", "--config", file],
        { env: { HOME: home } }
      )
      assert.strictEqual(one.code, 0, one.stdout + one.stderr)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      const first = fs.readFileSync(file, "utf8")
      const other = yield* cli.run(["simulate", "--tls", "--write-config", file, "--", "printenv"], {
        env: { HOME: home }
      })
      const second = fs.readFileSync(file, "utf8")
      const lasting = (text: string) => text.replace(/"""[\s\S]*?"""/, "")
      assert.strictEqual(lasting(second), lasting(first))
      assert.notStrictEqual(second, first, "the CA is new")
      const secret = /api_client_secret = "(.*)"/.exec(first)?.[1] ?? "?"
      assert.include(other.stdout, `PRIVX_API_CLIENT_SECRET=${secret}\n`)
    })
  )

  it.live("never replaces a file that it has not written", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      const file = path.join(home, "config.toml")
      fs.writeFileSync(file, '[api]\nbase_url = "https://privx.example.com"\n')
      const { code, stderr } = yield* cli.run(["simulate", "--write-config", file, "--", "true"])
      assert.strictEqual(code, 2)
      assert.include(stderr, `${file} exists and was not written by privx-kit simulate.`)
      assert.strictEqual(fs.readFileSync(file, "utf8"), '[api]\nbase_url = "https://privx.example.com"\n')
    })
  )
})

const exported = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]))
