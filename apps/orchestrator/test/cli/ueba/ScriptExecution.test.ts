/** Executes a script: at a terminal that asks for confirmation, interrupted, and when it cannot be started. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as simulated from "../../support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"
import * as terminal from "../../support/terminal.ts"

const started = Effect.fnUntraced(function* (body: string, shell = "/bin/sh", directory?: string) {
  const { env, home } = yield* simulated.start({
    script: `#!${shell}\nset -u\nMARK="$HOME/mark"\n${body}\n`
  })
  const data = path.join(directory ?? home, "data")
  const words = (flags: ReadonlyArray<string>) => ["ueba", "setup", "--data-dir", data, ...flags]
  return {
    data,
    mark: path.join(home, "mark"),
    setup: (flags: ReadonlyArray<string>, options: cli.Options = {}) => cli.run(words(flags), { ...options, env }),
    atTerminal: (...flags: ReadonlyArray<string>) => terminal.start(words(flags), env),
    /** In the form of the manifest. */
    executions: (): ReadonlyArray<Record<string, unknown>> => {
      const manifest = fs.readdirSync(path.join(data, "manifests")).find((file) => file.endsWith(".json")) ?? ""
      const { handedOver } = JSON.parse(fs.readFileSync(path.join(data, "manifests", manifest), "utf8"))
      return handedOver.filter((one: { readonly to: string }) => one.to === "execution")
    },
    runId: () => fs.readdirSync(path.join(data, "executions"))[0] ?? ""
  }
})

/** Only SIGKILL ends this script and its child processes. */
const stubborn = `trap '' TERM
sleep 300 &
echo $! >> "$MARK"
echo "$$" >> "$MARK"
echo started
while :; do sleep 1; done`

const lines = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [])

/** A zombie, which only waits for its parent, counts as ended. */
const isAlive = (pid: string): boolean => {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" }).startsWith("Z")
  } catch {
    return false
  }
}

describe.skipIf(terminal.missing !== undefined)(
  `the question before --execute${terminal.missing === undefined ? "" : ` (skipped: ${terminal.missing})`}`,
  () => {
    it.live("runs it after a yes, and not a second time without another", () =>
      Effect.gen(function* () {
        const { atTerminal, executions, mark, runId } = yield* started('echo ran >> "$MARK"; echo said')
        const first = yield* atTerminal("--execute", "--execute-timeout", "90s")
        yield* first.shows("[y/N]")
        assert.match(
          first.shown(),
          /Execute the verified script \([\d ]+ bytes, SHA-256 [0-9a-f]{64}\) on this machine/
        )
        assert.include(first.shown(), "It is stopped after 1 min 30 s")
        assert.isFalse(fs.existsSync(mark))
        yield* first.type("yes\r")
        assert.strictEqual(yield* first.exitCode, 0, first.shown())
        assert.include(first.shown(), "said")
        assert.include(first.shown(), "ended with exit code 0")
        assert.deepInclude(executions()[0], { number: 1, exitCode: 0, signal: null })

        const second = yield* atTerminal("--run", runId(), "--execute")
        yield* second.shows("Execute it again?")
        yield* second.type("n\r")
        assert.strictEqual(yield* second.exitCode, 25)
        assert.deepStrictEqual(lines(mark), ["ran"])
      })
    )

    it.live("runs nothing after a no, and after Ctrl-C", () =>
      Effect.gen(function* () {
        const { atTerminal, data, mark } = yield* started('echo ran >> "$MARK"')
        for (const [answer, code] of [
          ["no\r", 25],
          [terminal.ctrlC, 130]
        ] as const) {
          const asked = yield* atTerminal("--execute")
          yield* asked.shows("[y/N]")
          yield* asked.type(answer)
          assert.strictEqual(yield* asked.exitCode, code, asked.shown())
          if (code === 130) assert.match(asked.shown(), /Continue with: privx-kit ueba setup --run \S+ .*--execute/)
          else assert.include(asked.shown(), "The script was not run.")
        }
        assert.isFalse(fs.existsSync(mark))
        assert.isFalse(fs.existsSync(path.join(data, "executions")))
      })
    )

    it.live("Ctrl-C ends what runs, and says how to run it again", () =>
      Effect.gen(function* () {
        const { atTerminal, executions, mark, runId } = yield* started(
          'trap "echo told to end; exit 7" TERM; echo ran >> "$MARK"; while :; do sleep 0.1; done'
        )
        const running = yield* atTerminal("--execute", "--yes", "--execute-timeout", "1h")
        yield* eventually(
          Effect.sync(() => lines(mark)),
          (lines) => lines.length === 1
        )
        yield* running.type(terminal.ctrlC)
        assert.strictEqual(yield* running.exitCode, 130, running.shown())
        assert.match(running.shown(), /told to end/)
        const command = `privx-kit ueba setup --run ${runId()} --data-dir \\S+ --execute --execute-again --yes --execute-timeout 1h`
        assert.match(
          running.shown(),
          new RegExp(`ended in the middle; its log: \\S+\\. To run it once more: ${command}`)
        )
        assert.deepInclude(executions()[0], { exitCode: 7, signal: null, timedOut: false, interrupted: true })
        assert.isString(executions()[0]?.["endedAt"])
      })
    )
  }
)

describe("a script that is stopped", () => {
  it.live("by its time limit: the whole group is, and that is recorded", () =>
    Effect.gen(function* () {
      const { executions, mark, setup } = yield* started(stubborn)
      const ended = yield* setup(["--execute", "--yes", "--execute-timeout", "500ms"])
      assert.strictEqual(ended.code, 24, ended.stderr)
      assert.include(ended.stdout, "took too long and was ended")
      assert.include(ended.stderr, "started")
      assert.deepInclude(executions()[0], { exitCode: null, signal: "SIGKILL", timedOut: true })
      const processes = lines(mark)
      assert.strictEqual(processes.length, 2)
      assert.deepStrictEqual(processes.filter(isAlive), [])
    })
  )

  it.live("by SIGTERM for the command: the same", () =>
    Effect.gen(function* () {
      const { executions, mark, setup } = yield* started(stubborn)
      const when = eventually(
        Effect.sync(() => lines(mark)),
        (lines) => lines.length === 2
      )
      const ended = yield* setup(["--execute", "--yes", "--json"], { interrupt: { signal: "SIGTERM", when } })
      assert.strictEqual(ended.code, 143, ended.stderr)
      assert.deepInclude(executions()[0], { exitCode: null, signal: "SIGKILL", timedOut: false, interrupted: true })
      const { error } = cli.json(ended)
      assert.strictEqual(error?.["log"], executions()[0]?.["log"])
      assert.deepStrictEqual(lines(mark).filter(isAlive), [])
    })
  )

  it.live("by a closed terminal: the same, with another exit code", () =>
    Effect.gen(function* () {
      const { executions, mark, setup } = yield* started(stubborn)
      const when = eventually(
        Effect.sync(() => lines(mark)),
        (lines) => lines.length === 2
      )
      const ended = yield* setup(["--execute", "--yes", "--json"], { interrupt: { signal: "SIGHUP", when } })
      assert.strictEqual(ended.code, 129, ended.stderr)
      assert.deepInclude(executions()[0], { exitCode: null, signal: "SIGKILL", interrupted: true })
      assert.deepStrictEqual(lines(mark).filter(isAlive), [])
    })
  )

  it.live("not by kill -9 for the command: the next start finds and reports it", () =>
    Effect.gen(function* () {
      const { mark, runId, setup } = yield* started(stubborn)
      const scriptStarted = eventually(
        Effect.sync(() => lines(mark)),
        (lines) => lines.length === 2
      )
      const killed = yield* setup(["--execute", "--yes"], { interrupt: { signal: "SIGKILL", when: scriptStarted } })
      assert.isNull(killed.code)
      const group = lines(mark)[1] ?? ""
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(-Number(group), "SIGKILL")))
      assert.isTrue(isAlive(group))
      const next = yield* setup(["--run", runId()])
      assert.strictEqual(next.code, 0, next.stderr)
      assert.include(next.stderr, `The script of run ${runId()} is still executing`)
      assert.include(next.stderr, `kill -- -${group}`)
    })
  )

  it.live("leaves alone what it has left behind by itself, and does not wait for it", () =>
    Effect.gen(function* () {
      const { executions, mark, setup } = yield* started('sleep 300 & echo $! > "$MARK"; echo done')
      const ended = yield* setup(["--execute", "--yes"])
      const [pid = ""] = lines(mark)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(Number(pid), "SIGKILL")))
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.deepInclude(executions()[0], { exitCode: 0, timedOut: false })
      assert.isTrue(isAlive(pid))
    })
  )
})

describe("a script that cannot be started", () => {
  const refused = Effect.fnUntraced(function* (setting: Effect.Success<ReturnType<typeof started>>, why: string) {
    const { executions, setup } = setting
    const ended = yield* setup(["--execute", "--yes", "--json"])
    assert.strictEqual(ended.code, 25, ended.stderr)
    const [execution, ...others] = executions()
    assert.deepStrictEqual(others, [])
    assert.deepInclude(execution, { exitCode: null, signal: null, timedOut: false })
    assert.include(execution?.["notStarted"], why)
    assert.isString(execution?.["endedAt"])
    const { result } = cli.json(ended)
    assert.strictEqual(
      (result as { readonly execution: { readonly notStarted: string } }).execution.notStarted,
      execution?.["notStarted"]
    )
  })

  it.live("because its shell is missing: is recorded as that, and can be tried again", () =>
    Effect.gen(function* () {
      const setting = yield* started("echo", "/nonexistent/bin/bash")
      yield* refused(setting, "the shell that its first line names does not exist")
      const again = yield* setting.setup(["--execute", "--yes", "--run", setting.runId()])
      assert.strictEqual(again.code, 25)
      assert.include(again.stdout, "could not be started, and nothing of it was run")
      assert.deepStrictEqual(
        setting.executions().map(({ number }) => number),
        [1, 2]
      )
    })
  )

  it.live("because the data directory is mounted noexec (skipped where this user may not mount)", (context) =>
    Effect.gen(function* () {
      const disk = yield* temporary.smallDisk("32m,noexec")
      if (disk === undefined) return context.skip("this user may not mount a file system")
      yield* refused(yield* started("echo", "/bin/sh", disk), "noexec")
    })
  )
})

describe("--owner", () => {
  it.live("changes the owner of the delivered script as root (skipped for other users)", (context) =>
    Effect.gen(function* () {
      if (process.getuid?.() !== 0) return context.skip("only root may give files away")
      const { data, setup } = yield* started("echo")
      const output = path.join(path.dirname(data), "out")
      const deliver = (...flags: ReadonlyArray<string>) => setup(["--new", "--output", output, ...flags])
      const ended = yield* deliver("--owner", "nobody:12345", "--mode", "0510")
      assert.strictEqual(ended.code, 0, ended.stderr)
      const script = path.join(output, "privx-ueba-setup.sh")
      const uid = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }))
      const { gid, mode, uid: owner } = fs.statSync(script)
      assert.deepStrictEqual([owner, gid, (mode & 0o7777).toString(8)], [uid, 12345, "510"])
      const { handedOver } = JSON.parse(fs.readFileSync(path.join(output, "privx-ueba-setup.manifest.json"), "utf8"))
      assert.deepInclude(handedOver[0], { mode: "0510", owner: { uid, gid: 12345, name: "nobody:12345" } })

      const unknown = yield* deliver("--owner", "no-such-account")
      assert.strictEqual(unknown.code, 2)
      assert.include(unknown.stderr, "this system has no such account")
    })
  )
})
