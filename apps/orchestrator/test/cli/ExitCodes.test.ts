import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import * as ExitCode from "../../src/cli/ExitCode.ts"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"
import * as simulated from "../support/simulated.ts"

const reauthenticate = ["playback", "reauthenticate", "-", "--json"]

/** The class of failure, equal in the exit code and in the document. */
const assertEnded = (ended: cli.Ended, name: ExitCode.Name, tag: string) => {
  assert.strictEqual(ended.code, ExitCode.table[name].code, ended.stdout + ended.stderr)
  const { error } = cli.json(ended)
  assert.deepInclude(error, { exitName: name, exitCode: ended.code, tag })
  assert.isString(error?.["message"])
  assert.isString(error?.["hint"])
  // The same for people, in one line unless there is a list to show.
  assert.include(ended.stderr, tag === "SettingsError" ? "missing or wrong" : String(error?.["message"]))
  assert.notMatch(ended.stderr, /^\s+at /m, "no stack")
}

describe("exit codes", () => {
  it("are unique, and in the order of the table", () => {
    const codes = ExitCode.names.map((name) => ExitCode.table[name].code)
    assert.deepStrictEqual(
      codes,
      [...new Set(codes)].toSorted((a, b) => a - b)
    )
  })

  const answers: ReadonlyArray<readonly [fault: string, name: ExitCode.Name, tag: string]> = [
    ["401/GENERAL_ERROR", "authentication", "GeneralError"],
    ["403/PERMISSION_DENIED", "permission", "PermissionDenied"],
    ["404/GENERAL_ERROR", "notFound", "GeneralError"],
    ["400/VALUE_INCORRECT_FORMAT", "refused", "ValueIncorrectFormat"],
    ["500/CONFIGURATION_ERROR", "refused", "ConfigurationError"],
    ["400/SOMETHING_NEW", "refused", "UnknownErrorCode"],
    ["500/DATABASE_ERROR", "server", "DatabaseError"],
    ["html/502", "server", "UnexpectedResponse"],
    ["html/418", "refused", "UnexpectedResponse"],
    ["redirect/307,location=https://elsewhere.example/", "unexpected", "TransportError"]
  ]
  for (const [fault, name, tag] of answers) {
    it.live(`${fault} is ${name} (${ExitCode.table[name].code})`, () =>
      Effect.gen(function* () {
        const { assertNoSecretIn, config } = yield* simulated.start({ faults: [`reauthenticate:${fault}`] })
        const id = "a-session-id-that-is-never-printed"
        const ended = yield* inProcess.run(["playback", "reauthenticate", id, "--json", "--config", config])
        assertEnded(ended, name, tag)
        yield* assertNoSecretIn(ended)
      })
    )
  }

  it.live("a script that is larger than allowed is unexpected (12)", () =>
    Effect.gen(function* () {
      const { config, home } = yield* simulated.start()
      const place = ["--data-dir", path.join(home, "data"), "--output", path.join(home, "ueba")]
      const ended = yield* inProcess.run([
        "ueba",
        "setup",
        ...place,
        "--max-bytes",
        "100",
        "--json",
        "--config",
        config
      ])
      assertEnded(ended, "unexpected", "TransportError")
      assert.deepInclude(cli.json(ended).error, { reason: "tooLarge", detail: "received more than 100 bytes" })
    })
  )

  const logins: ReadonlyArray<readonly [error: string, name: ExitCode.Name]> = [
    ["invalid_client", "authentication"],
    ["invalid_grant", "authentication"],
    ["unauthorized_client", "permission"],
    ["invalid_scope", "permission"],
    ["unsupported_grant_type", "authentication"],
    ["invalid_request", "authentication"]
  ]
  for (const [error, name] of logins) {
    it.live(`a login that ends in ${error} is ${name} (${ExitCode.table[name].code})`, () =>
      Effect.gen(function* () {
        const { config } = yield* simulated.start({ faults: [`token:json/400,body={"error":"${error}"}`] })
        const ended = yield* inProcess.run(["playback", "reauthenticate", "x", "--json", "--config", config])
        assertEnded(ended, name, "OAuthError")
        assert.include(ended.stderr, error)
      })
    )
  }

  it.live("wrong credentials are authentication (7)", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      const ended = yield* cli.run(reauthenticate, {
        env: { ...env, PRIVX_API_CLIENT_SECRET: "not-the-secret" },
        stdin: "x"
      })
      assert.strictEqual(ended.code, 7, ended.stdout + ended.stderr)
      assert.notInclude(ended.stdout + ended.stderr, "not-the-secret")
    })
  )

  it.live("an untrusted certificate is tls (5)", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      assertEnded(
        yield* cli.run(reauthenticate, { env: { ...env, PRIVX_API_CA_FILE: "" }, stdin: "x" }),
        "tls",
        "TransportError"
      )
    })
  )

  it.live("an answer that does not come is timeout (6)", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start({ faults: ["reauthenticate:stall"] })
      const args = [...reauthenticate, "--timeout", "200ms", "--deadline", "500ms"]
      assertEnded(yield* cli.run(args, { env, stdin: "x" }), "timeout", "TransportError")
    })
  )

  it.live("a port where nothing listens is unreachable (4)", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const env = { PRIVX_API_BASE_URL: `http://127.0.0.1:${port}`, PRIVX_API_TOKEN: "t" }
      assertEnded(yield* cli.run(reauthenticate, { env, stdin: "x" }), "unreachable", "TransportError")
    })
  )

  it.live("missing settings are settings (3), and a bad flag is usage (2), with JSON as well", () =>
    Effect.gen(function* () {
      assertEnded(yield* cli.run(["ueba", "setup", "--json"]), "settings", "SettingsError")
      assertEnded(yield* cli.run(["ueba", "setup", "--json", "--nope"]), "usage", "UsageError")
    })
  )

  it.live("a data directory that is none is storage (14), and one that is held is busy (15)", () =>
    Effect.gen(function* () {
      const { env, home } = yield* simulated.start()
      const file = path.join(home, "file")
      fs.writeFileSync(file, "")
      assertEnded(
        yield* cli.run(["ueba", "setup", "--json", "--data-dir", file], { env }),
        "storage",
        "DataDirectoryUnusable"
      )
      const directory = path.join(home, "held")
      yield* Layer.build(DataDirectory.layer(directory))
      const busy = yield* cli.run(["ueba", "setup", "--json", "--data-dir", directory], { env })
      assertEnded(busy, "busy", "DataDirectoryBusy")
      assert.include(busy.stderr, `process ${process.pid}`)
    })
  )

  it.live("a port that is taken is listen (17)", () =>
    Effect.gen(function* () {
      const { simulator } = yield* simulated.start()
      const ended = yield* cli.run(["simulate", "--json", "--port", simulator.url.port])
      assertEnded(ended, "listen", "SimulatorError")
    })
  )

  it.live("SIGTERM is terminated (143)", () =>
    Effect.gen(function* () {
      const { asked, env } = yield* simulated.start({ faults: ["createSession:stall"] })
      const ended = yield* cli.run(["ueba", "setup", "--json"], {
        env,
        interrupt: { signal: "SIGTERM", when: asked("Ueba.createSession") }
      })
      assertEnded(ended, "terminated", "Interrupted")
    })
  )
})

const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})
