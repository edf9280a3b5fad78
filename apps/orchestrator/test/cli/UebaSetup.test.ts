import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../support/cli.ts"
import * as simulated from "../support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"

describe("privx-kit ueba setup", () => {
  it.live("delivers the verified script, and says on stdout where it is, what it does and what the checks found", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, env, home, simulator } = yield* simulated.start({
        faults: ["createSession:503/MAX_LOAD*1"]
      })
      const output = path.join(home, "out")
      const ended = yield* cli.run(["ueba", "setup", "--output", output], { env })
      assert.strictEqual(ended.code, 0, ended.stderr)
      const script = temporary.filesBelow(output).find((file) => file.endsWith(".sh")) ?? ""
      assert.deepStrictEqual(fs.readFileSync(path.join(output, script)), Buffer.from(simulator.script))
      assert.include(ended.stdout, path.join(output, script))
      assert.include(ended.stdout, simulator.scriptSha256)
      assert.match(ended.stdout, /No command of this script writes, removes/)
      assert.match(ended.stdout, /\n {2}✓ \d+ passed, \d+ not applicable\n/)
      assert.notInclude(ended.stdout, "(shellSyntax)")
      assert.match(ended.stderr, /↻ attempt 1 failed, retrying in \d+ ms: PrivX answered 503 MAX_LOAD/)
      assert.match(ended.stderr, /✓ Create a session +\d+\.\d\d s/)
      assert.match(ended.stderr, /✓ Download the script +\d+\.\d\d s/)
      assert.notInclude(ended.stdout + ended.stderr, "\u001b", "no escape sequences where there is no terminal")
      yield* assertNoSecretIn(ended)
    })
  )

  it.live("prints one JSON document and nothing else with --json", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, env, home, simulator } = yield* simulated.start()
      const ended = yield* cli.run(["ueba", "setup", "--json", "--output", path.join(home, "out")], { env })
      assert.strictEqual(ended.code, 0, ended.stderr)
      const document = cli.json(ended)
      assert.deepInclude(document, { format: 1, command: "ueba setup" })
      assert.hasAllKeys(document.result, [
        "runId",
        "artifact",
        "delivered",
        "manifest",
        "bytes",
        "sha256",
        "review",
        "report"
      ])
      assert.deepInclude(document.result, { bytes: simulator.script.length, sha256: simulator.scriptSha256 })
      yield* assertNoSecretIn(ended)
    })
  )

  it.live("shows the whole report of a script that is not the pinned one, and delivers nothing", () =>
    Effect.gen(function* () {
      const { env, home } = yield* simulated.start()
      const output = path.join(home, "out")
      const ended = yield* cli.run(["ueba", "setup", "--json", "--output", output, "--sha256", "0".repeat(64)], { env })
      assert.strictEqual(ended.code, 13, ended.stderr)
      assert.match(ended.stderr, /✗ .*SHA-256/i)
      assert.deepStrictEqual(temporary.filesBelow(output), [])
      const { error } = cli.json(ended)
      assert.deepInclude(error, { tag: "VerificationFailed", exitCode: 13, exitName: "verification" })
      assert.property(error, "report")
      assert.property(error, "runId")
    })
  )

  it.live("is interrupted with Ctrl-C, says how to resume, and resumes", () =>
    Effect.gen(function* () {
      const { asked, assertNoSecretIn, env, home, simulator } = yield* simulated.start({
        faults: ["downloadSetupScript:slow=100/1s"]
      })
      const output = path.join(home, "out")
      const handOver = ["--execute", "--yes", "--execute-timeout", "1.5m", "--operator", "change 4711"]
      const interrupted = yield* cli.run(["ueba", "setup", "--json", "--output", output, ...handOver], {
        env,
        interrupt: { signal: "SIGINT", when: asked("Ueba.downloadSetupScript") }
      })
      assert.strictEqual(interrupted.code, 130, interrupted.stderr)
      const { error } = cli.json(interrupted)
      assert.deepInclude(error, { tag: "Interrupted", exitCode: 130 })
      assert.include(interrupted.stderr, `Continue with: privx-kit ueba setup --run ${error?.["runId"]}`)
      assert.match(interrupted.stderr, / --execute --yes --execute-timeout 90s --operator 'change 4711' --json\n/)
      assert.deepStrictEqual(temporary.filesBelow(output), [])

      yield* Effect.orDie(simulator.setFaults([]))
      const words = String(error?.["resume"]).replace("'change 4711'", "4711").split(" ").slice(1)
      const continued = yield* cli.run(words, { env })
      assert.strictEqual(continued.code, 0, continued.stderr)
      assert.include(continued.stderr, "continued")
      assert.property(cli.json(continued).result, "execution")
      assert.isTrue(temporary.filesBelow(output).length > 0)

      const again = yield* cli.run(["ueba", "setup", "--json", "--run", String(error?.["runId"])], { env })
      assert.strictEqual(again.code, 0, again.stderr)
      assert.deepInclude(cli.json(again).result, { runId: error?.["runId"], sha256: simulator.scriptSha256 })
      yield* assertNoSecretIn(interrupted, continued, again)
    })
  )

  it.live("refuses inputs that contradict --run, and a run that is not there", () =>
    Effect.gen(function* () {
      const { env } = yield* simulated.start()
      const contradiction = yield* cli.run(["ueba", "setup", "--run", "x", "--new", "--output", "o"], { env })
      assert.strictEqual(contradiction.code, 2)
      assert.include(contradiction.stderr, "leave out --new, --output")
      const unknown = yield* cli.run(["ueba", "setup", "--run", "no-such-run", "--json"], { env })
      assert.strictEqual(unknown.code, 16, unknown.stderr)
      assert.deepInclude(cli.json(unknown).error, { tag: "RunNotFound", runId: "no-such-run" })
    })
  )

  it.live("leaves no secret in the data directory", () =>
    Effect.gen(function* () {
      const { assertNoSecretIn, env, home } = yield* simulated.start()
      const data = path.join(home, "data")
      const ended = yield* cli.run(["ueba", "setup", "--data-dir", data, "--log-level", "all"], { env })
      assert.strictEqual(ended.code, 0, ended.stderr)
      const files = temporary.filesBelow(data)
      assert.isTrue(files.some((file) => file.endsWith(".sqlite")))
      yield* assertNoSecretIn(ended, ...files.map((file) => fs.readFileSync(path.join(data, file), "latin1")))
    })
  )
})
