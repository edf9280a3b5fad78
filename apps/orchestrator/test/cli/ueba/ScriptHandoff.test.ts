/** What `ueba setup` does with a script besides storing it: standard output and execution. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"
import * as simulated from "../../support/simulated.ts"

/** Variables that a service or a CI job may have in its environment. */
const environment = {
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
  GITHUB_TOKEN: "ghp_4711",
  NODE_OPTIONS: "--no-deprecation",
  HTTPS_PROXY: "http://mia:secret@proxy.example.com:3128",
  NO_PROXY: "localhost",
  LC_ALL: "C.UTF-8"
}

const started = Effect.fnUntraced(function* (body: string) {
  const script = Buffer.from(`#!/bin/sh\nset -eu\nMARK="$HOME/mark"\n${body}\n`)
  const { env, home } = yield* simulated.start({ script })
  const data = path.join(home, "data")
  const setup = (...flags: ReadonlyArray<string>) =>
    cli.run(["ueba", "setup", "--data-dir", data, ...flags], { env: { ...env, ...environment } })
  return { data, env, home, script, setup, mark: path.join(home, "mark") }
})

const result = (ended: cli.Ended) =>
  cli.json(ended).result as {
    readonly runId: string
    readonly manifest: string
    readonly execution: { readonly exitCode: number | null; readonly timedOut: boolean; readonly log: string }
  }

const executions = (manifest: string): ReadonlyArray<Record<string, unknown>> =>
  JSON.parse(fs.readFileSync(manifest, "utf8")).handedOver.filter((one: { to: string }) => one.to === "execution")

describe("the hand-over", () => {
  it.live("--stdout writes the script's bytes and nothing else to standard output", () =>
    Effect.gen(function* () {
      const { script, setup } = yield* started("printf 'ünïcode'")
      const ended = yield* setup("--stdout")
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.strictEqual(ended.stdout, script.toString())
      assert.include(ended.stderr, crypto.hash("sha256", script, "hex"))
      assert.strictEqual((yield* setup("--stdout", "--json")).code, 2)
    })
  )

  it.live("runs nothing unless asked, and without a terminal not without --yes", () =>
    Effect.gen(function* () {
      const { mark, setup } = yield* started('echo ran >> "$MARK"')
      assert.strictEqual((yield* setup()).code, 0)
      const refused = yield* setup("--execute")
      assert.strictEqual(refused.code, 2)
      assert.include(refused.stderr, "add --yes")
      assert.isFalse(fs.existsSync(mark))
    })
  )

  it.live("--execute runs it once, logs what it prints, keeps secrets from it, and records how it ended", () =>
    Effect.gen(function* () {
      const { mark, setup } = yield* started('echo ran >> "$MARK"; echo said; echo wrong >&2; env | sort; exit 3')
      const ended = yield* setup("--execute", "--yes", "--json")
      assert.strictEqual(ended.code, 24, ended.stderr)
      assert.include(ended.stderr, "said")
      const { execution, manifest, runId } = result(ended)
      assert.deepInclude(execution, { exitCode: 3, timedOut: false })
      const log = fs.readFileSync(execution.log, "utf8")
      // The script receives only a short list of variables, because a secret can have any name.
      const names = log
        .trim()
        .split("\n")
        .map((line) => line.replace(/=.*/, ""))
      assert.sameMembers(
        names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name)),
        ["said", "wrong", "HOME", "LANG", "LC_ALL", "NO_PROXY", "PATH"]
      )
      assert.strictEqual(executions(manifest)[0]?.["exitCode"], 3)

      const again = yield* setup("--execute", "--yes", "--json", "--run", runId)
      assert.strictEqual(again.code, 25, again.stderr)
      assert.deepInclude(cli.json(again).error, { tag: "AlreadyExecuted", exitCode: 25, scriptExitCode: 3 })
      assert.strictEqual(fs.readFileSync(mark, "utf8"), "ran\n")

      const asked = yield* setup("--execute", "--yes", "--json", "--run", runId, "--execute-again")
      assert.strictEqual(asked.code, 24, asked.stderr)
      assert.strictEqual(fs.readFileSync(mark, "utf8"), "ran\nran\n")
      assert.deepStrictEqual(
        executions(manifest).map(({ number }) => number),
        [1, 2]
      )
    })
  )

  it.live("ends a script that takes too long, with all that it started", () =>
    Effect.gen(function* () {
      const { setup } = yield* started("sleep 300 & sleep 300")
      const ended = yield* setup("--execute", "--yes", "--json", "--execute-timeout", "500ms")
      assert.strictEqual(ended.code, 24, ended.stderr)
      assert.isTrue(result(ended).execution.timedOut)
    })
  )

  it.live("does not run it again after a crash in the middle unless --execute-again is given", () =>
    Effect.gen(function* () {
      const { data, mark, setup } = yield* started('echo ran >> "$MARK"; kill -9 $PPID; sleep 1')
      const killed = yield* setup("--execute", "--yes", "--json")
      assert.isNull(killed.code)
      const [runId = ""] = fs.readdirSync(path.join(data, "executions"))
      const manifest = path.join(data, "manifests", `${runId}.json`)
      assert.deepInclude(executions(manifest)[0], { number: 1, endedAt: null, exitCode: null })

      const again = yield* setup("--execute", "--yes", "--json", "--run", runId)
      assert.strictEqual(again.code, 25, again.stderr)
      assert.include(again.stderr, "it is unknown whether it ended")
      assert.strictEqual(fs.readFileSync(mark, "utf8"), "ran\n")
    })
  )
})
