import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import pkg from "../../package.json" with { type: "json" }
import * as CommandTree from "../../src/cli/CommandTree.ts"
import * as ExitCode from "../../src/cli/ExitCode.ts"
import { builtIn } from "../../src/Domains.ts"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as temporary from "@privx-kit/testing/temporary"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"

/** The help of a command and of all its subcommands. */
const everyHelp = (words: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Help>> =>
  Effect.gen(function* () {
    const { code, stderr, stdout } = yield* inProcess.run([...words, "--help"])
    assert.strictEqual(code, 0)
    assert.strictEqual(stderr, "")
    const below = [...(/COMMANDS\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? "").matchAll(/^ {2}(\S+)/gm)]
    const others = yield* Effect.forEach(below, ([, name = ""]) => everyHelp([...words, name]))
    return [{ words, help: stdout, isLeaf: below.length === 0 }, ...others.flat()]
  })

interface Help {
  readonly words: ReadonlyArray<string>
  readonly help: string
  readonly isLeaf: boolean
}

describe("the command line", () => {
  it.live("prints its version", () =>
    Effect.gen(function* () {
      for (const flag of ["--version", "-v"]) {
        assert.deepStrictEqual(yield* cli.run([flag]), { code: 0, stdout: `${pkg.version}\n`, stderr: "" })
      }
    })
  )

  it.live("lists a command that is not loaded as it lists the loaded one", () =>
    Effect.gen(function* () {
      const lines = Effect.fnUntraced(function* (words: ReadonlyArray<string> | "all") {
        const tree = yield* CommandTree.make(builtIn, "1.2.3", words)
        return tree.subcommands.flatMap(({ commands }) =>
          commands.map(({ name, shortDescription }) => `${name}: ${shortDescription}`)
        )
      })
      const loaded = yield* lines("all")
      assert.include(loaded, "runs: List, follow, cancel, retry and approve runs")
      assert.deepStrictEqual(yield* lines([]), loaded)
    })
  )

  it.live("shows the versions that a report needs", () =>
    Effect.gen(function* () {
      const { stdout } = yield* inProcess.run(["version", "--json"])
      const { result } = JSON.parse(stdout)
      assert.strictEqual(result.version, "1.2.3")
      assert.strictEqual(result.node, process.versions.node)
      assert.deepStrictEqual(result.domains, ["ueba", "fleet", "playback"])
      assert.include((yield* inProcess.run(["version"])).stdout, "privx-kit 1.2.3\n")
    })
  )

  it.live("prints lists as a table, JSON or YAML", () =>
    Effect.gen(function* () {
      const data = yield* temporary.directory
      const list = (...format: ReadonlyArray<string>) => inProcess.run(["runs", "list", "--data-dir", data, ...format])
      assert.deepStrictEqual(yield* list("--output", "json"), yield* list("--json"))
      assert.strictEqual(
        (yield* list("--output", "yaml")).stdout,
        "format: 1\ncommand: runs list\nresult:\n  runs: []\n"
      )
      assert.deepStrictEqual(yield* list("--output", "table"), yield* list())
      const missing = yield* inProcess.run(["fleet", "status", "/nonexistent.yaml", "--output", "yaml"])
      assert.include(missing.stdout, "error:\n  tag: ")
    })
  )

  it.live("teaches with --help: examples, its own exit codes, nothing wider than 80 columns", () =>
    Effect.gen(function* () {
      const seen = yield* everyHelp([])
      assert.isAbove(seen.length, 35)
      for (const { help, isLeaf, words } of seen) {
        for (const line of help.split("\n")) assert.isAtMost(line.length, 80, line)
        assert.include(help, "privx-kit help exit-codes|environment|settings", words.join(" "))
        if (!isLeaf) continue
        assert.include(help, "EXAMPLES", words.join(" "))
        assert.include(help, "EXIT CODES", words.join(" "))
      }
      const leaf = (name: string) => seen.find(({ words }) => words.join(" ") === name)?.help ?? ""
      assert.include(leaf("ueba setup"), "PRIVX_API_BASE_URL")
      assert.match(leaf("ueba setup"), /^ +13 /m)
      assert.notInclude(leaf("artifacts list"), "PRIVX_API_BASE_URL")
      assert.notMatch(leaf("artifacts list"), /^ +13 /m)
    })
  )

  it.live("has examples that every shell takes as they are", () =>
    Effect.gen(function* () {
      for (const { help, words } of yield* everyHelp([])) {
        const examples = /EXAMPLES\n([\s\S]*?)\n\n/.exec(help)?.[1]?.split("\n") ?? []
        for (const line of examples) {
          const unquoted = line.replace(/'[^']*'|"[^"]*"/g, "")
          if (!line.trim().startsWith("#")) assert.notMatch(unquoted, /[*?[\]{}~!…]/, `${words.join(" ")}: ${line}`)
        }
      }
    })
  )

  it.live("explains all exit codes, settings and variables with help, and commands", () =>
    Effect.gen(function* () {
      const codes = yield* inProcess.run(["help", "exit-codes"])
      for (const name of ExitCode.names) {
        assert.match(codes.stdout, new RegExp(`^ +${ExitCode.table[name].code}  `, "m"))
      }
      const settings = yield* inProcess.run(["help", "settings"])
      for (const key of Catalogue.keys) assert.include(settings.stdout, Catalogue.get(key).environment[0])
      const environment = yield* inProcess.run(["help", "environment"])
      for (const { name } of Object.values(Catalogue.ownEnvironment)) assert.include(environment.stdout, name)
      for (const { stdout } of [codes, settings, environment]) {
        for (const line of stdout.split("\n")) assert.isAtMost(line.length, 80, line)
      }
      assert.deepStrictEqual(
        yield* inProcess.run(["help", "runs", "list"]),
        yield* inProcess.run(["runs", "list", "--help"])
      )
      assert.deepStrictEqual(yield* inProcess.run(["help"]), yield* inProcess.run(["--help"]))
    })
  )

  it.live("names the choices of an argument, a flag that is given twice, and where secrets go", () =>
    Effect.gen(function* () {
      const twice = yield* inProcess.run(["runs", "list", "--limit", "1", "--limit", "2"])
      assert.include(twice.stderr, "The flag --limit can be given only once.")
      const secret = yield* inProcess.run(["config", "set", "api_client_secret", "x"])
      assert.include(secret.stderr, "The argument NAME must be one of base_url, ca_file,")
      assert.include(secret.stderr, "Credentials are never taken from the command line")
      assert.deepStrictEqual([twice.code, secret.code], [2, 2])
    })
  )

  it.live("refuses empty values of flags and arguments", () =>
    Effect.gen(function* () {
      const cases = [
        ["runs", "list", "--data-dir", ""],
        ["runs", "list", "--config="],
        ["ueba", "setup", "--output", ""],
        ["ueba", "setup", "--run", ""],
        ["ueba", "setup", "--ca-file", ""],
        ["ueba", "setup", "--idempotency-key", ""],
        ["fleet", "apply", ""],
        ["fleet", "apply", "fleet.yaml", "--only", ""],
        ["runs", "show", ""],
        ["artifacts", "export", "abcd", ""],
        ["serve", "--listen", ""]
      ]
      for (const args of cases) {
        const { code, stderr } = yield* inProcess.run(args)
        assert.strictEqual(code, 2, args.join(" "))
        assert.match(stderr, /must not be empty|needs a value/, args.join(" "))
      }
    })
  )

  it.live("fails with 14 where standard output cannot take the result", () =>
    Effect.gen(function* () {
      const full = new StorageFailed({ path: "Standard output", reason: "full", detail: "ENOSPC: no space left" })
      const data = yield* temporary.directory
      for (const args of [
        ["--help"],
        ["help", "settings"],
        ["completion", "bash"],
        ["openapi", "ueba"],
        ["runs", "list"],
        ["runs", "list", "--json"],
        ["artifacts", "list"],
        ["serve", "token", "--name", "ci", "--role", "viewer"]
      ]) {
        const { code, stderr } = yield* inProcess.run([...args, "--data-dir", data], { failure: full })
        assert.strictEqual(code, 14, args.join(" "))
        assert.include(stderr, "Standard output could not be used: ENOSPC")
      }
      const failing = yield* inProcess.run(["runs", "show", "x", "--data-dir", data, "--json"], { failure: full })
      assert.strictEqual(failing.code, 16, "what the command failed with comes first")
      const gone = new StorageFailed({ path: "Standard output", reason: "closed", detail: "EPIPE: broken pipe" })
      assert.strictEqual((yield* inProcess.run(["--help"], { failure: gone })).code, 0)
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
        [["simulate", "--fault", "nonsense"], "Cannot parse the fault"],
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
      assert.include(stderr, "/nonexistent/.config/privx-kit/config.toml (does not exist)")
    })
  )

  it.live("completes for the shell, and prints OpenAPI documents", () =>
    Effect.gen(function* () {
      const completions = yield* inProcess.run(["completion", "bash"])
      assert.strictEqual(completions.code, 0)
      assert.include(completions.stdout, "reauthenticate")
      for (const [api, path] of [
        ["ueba", "/ueba/setup-script"],
        ["playback", "/playback/"]
      ] as const) {
        const { code, stdout } = yield* inProcess.run(["openapi", api])
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
