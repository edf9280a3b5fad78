import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import pkg from "../../package.json" with { type: "json" }
import * as ExitCode from "../../src/ExitCode.ts"
import * as Catalogue from "../../src/settings/Catalogue.ts"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"

describe("the command line", () => {
  it.live("tells its version", () =>
    Effect.gen(function* () {
      for (const flag of ["--version", "-v"]) {
        assert.deepStrictEqual(yield* cli.run([flag]), { code: 0, stdout: `${pkg.version}\n`, stderr: "" })
      }
    })
  )

  it.live("teaches with --help: examples, settings, exit codes, nothing wider than 80 columns", () =>
    Effect.gen(function* () {
      const root = yield* inProcess.run(["--help"])
      for (const words of [
        [],
        ["ueba", "setup"],
        ["playback", "reauthenticate"],
        ["simulate"],
        ["demo"],
        ["doctor"],
        ["openapi"]
      ]) {
        const help = words.length === 0 ? root : yield* inProcess.run([...words, "--help"])
        assert.strictEqual(help.code, 0)
        assert.strictEqual(help.stderr, "")
        assert.include(help.stdout, "EXAMPLES", words.join(" "))
        for (const line of help.stdout.split("\n")) assert.isAtMost(line.length, 80, line)
      }
      for (const name of ExitCode.names) assert.include(root.stdout, String(ExitCode.table[name].code))
      for (const key of Catalogue.keys) assert.include(root.stdout, Catalogue.get(key).environment[0])
    })
  )

  it.live("keeps standard output clean when the command line is wrong, and says what was probably meant", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, said: string]> = [
        [[], "privx-kit needs a command"],
        [["ueba"], "privx-kit ueba needs a command"],
        [["uebaa"], "Did you mean ueba?"],
        [["ueba", "setup", "--bse-url", "x"], "Did you mean --base-url?"],
        [["ueba", "setup", "--max-bytes", "0"], "above 0"],
        [["ueba", "setup", "--sha256", "xyz"], "64 hexadecimal digits"],
        [["ueba", "setup", "--timeout", "5"], "a time like 500ms"],
        [["simulate", "--port", "70000"], "from 0 to 65535"],
        [["simulate", "--fault", "nonsense"], "is not understood"],
        [["playback", "reauthenticate"], "No session id was given"]
      ]
      for (const [args, said] of cases) {
        const { code, stderr, stdout } = yield* inProcess.run(args)
        assert.strictEqual(stdout, "", args.join(" "))
        assert.include(stderr, said)
        assert.strictEqual(code, 2, args.join(" "))
      }
    })
  )

  it.live("never repeats what could be a secret", () =>
    Effect.gen(function* () {
      const cases = [
        ["ueba", "setup", "--client-secret", "hunter2"],
        ["ueba", "setup", "--client-secret=hunter2"],
        ["playback", "reauthenticate", "first", "hunter2"],
        ["hunter2"],
        ["playback", "reauthenticate", "hunter2 with spaces"],
        ["ueba", "setup", "--base-url", "https://admin:hunter2@privx.example.com"]
      ]
      for (const args of cases) {
        for (const more of [[], ["--json"]]) {
          const { code, stderr, stdout } = yield* inProcess.run([...args, ...more])
          assert.notStrictEqual(code, 0)
          assert.notInclude(stdout + stderr, "hunter2", args.join(" "))
        }
      }
      const secret = yield* inProcess.run(["doctor", "--client-secret", "hunter2"])
      assert.include(secret.stderr, "never taken from the command line")
    })
  )

  it.live("lists everything that is wrong with the settings, for a person, and where it looked", () =>
    Effect.gen(function* () {
      const { stderr, stdout } = yield* cli.run(["ueba", "setup"], { env: { PRIVX_API_CLIENT_ID: "id" } })
      assert.strictEqual(stdout, "")
      assert.include(stderr, "3 settings are missing or wrong")
      assert.include(stderr, "Set PRIVX_API_BASE_URL")
      assert.include(stderr, "/nonexistent/.config/privx-kit/config.toml (not there)")
    })
  )

  it.live("completes for the shell, and prints OpenAPI documents", () =>
    Effect.gen(function* () {
      const completions = yield* cli.run(["--completions", "bash"])
      assert.strictEqual(completions.code, 0)
      assert.include(completions.stdout, "reauthenticate")
      for (const [api, path] of [
        ["ueba", "/ueba/setup-script"],
        ["playback", "/playback/"]
      ] as const) {
        const { code, stdout } = yield* cli.run(["openapi", api])
        assert.strictEqual(code, 0)
        assert.strictEqual(JSON.parse(stdout).openapi, "3.1.0")
        assert.include(stdout, path)
      }
    })
  )

  it.live("survives a reader that goes away", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* cli.run(["--help"], { closeStdout: true })
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
    })
  )
})
