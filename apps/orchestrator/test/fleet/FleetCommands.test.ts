import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { DatabaseSync } from "node:sqlite"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as cli from "../support/cli.ts"
import * as fleets from "../support/fleets.ts"
import * as inProcess from "../support/inProcess.ts"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"

/** The number of runs of a data directory in a state; 0 if the directory does not exist yet. */
const count = (dataDir: string, status: string): number => {
  const file = SqliteStorage.databaseFile(dataDir)
  if (!fs.existsSync(file)) return 0
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const row = database.prepare("SELECT count(*) AS count FROM runs WHERE status = ? AND kind <> 'fleet'").get(status)
    return Number(row?.["count"])
  } catch {
    return 0
  } finally {
    database.close()
  }
}

/** Waits for hosts of a process that has just started. */
const succeeded = (dataDir: string, hosts: number) =>
  Effect.sync(() => count(dataDir, "succeeded")).pipe(
    Effect.delay("20 millis"),
    Effect.repeat({ until: (count) => count >= hosts }),
    Effect.timeoutOrElse({ duration: "100 seconds", orElse: () => Effect.die(new Error("no host was set up")) })
  )

const begin = Effect.fnUntraced(function* (content: (simulator: fleets.FleetPrivX) => string) {
  const { dataDir, file } = yield* fleets.place
  const simulator = yield* fleets.start()
  fs.writeFileSync(file, content(simulator))
  const env = fleets.environment(simulator)
  const all = (args: ReadonlyArray<string>) => ["fleet", ...args, "--data-dir", dataDir]
  return {
    dataDir,
    file,
    simulator,
    /** As a separate process that a signal can end. */
    start: (args: ReadonlyArray<string>, interrupt?: NonNullable<cli.Options["interrupt"]>) =>
      cli.run(all(args), { env, ...(interrupt === undefined ? undefined : { interrupt }) }),
    run: (args: ReadonlyArray<string>) =>
      Effect.suspend(() => {
        Object.assign(process.env, env)
        return inProcess.run(all(args))
      })
  }
})

describe("privx-kit fleet", () => {
  it.live("plans without sending anything, applies, and shows the state of the hosts", () =>
    Effect.gen(function* () {
      const { dataDir, file, run, simulator } = yield* begin((simulator) =>
        fleets.text(simulator, 4, {}, {}, (index) =>
          index === 2 ? { sha256: "9".repeat(64) } : index === 3 ? { require_approval: "always" } : {}
        )
      )
      const plan = yield* run(["apply", file, "--plan"])
      assert.strictEqual(plan.code, 0)
      assert.match(plan.stdout, /h1 +set up for the first time +never/)
      assert.strictEqual((yield* simulator.simulator.requests).length, 0)
      assert.isFalse(fs.existsSync(dataDir))

      const applied = yield* run(["apply", file])
      assert.strictEqual(applied.code, 27, applied.stderr)
      assert.match(applied.stdout, /h1 +✓ succeeded/)
      assert.match(applied.stdout, /h2 +✗ failed .*VerificationFailed: .*sha256|h2 +✗ failed .*VerificationFailed/)
      assert.match(applied.stdout, /h3 +! waiting/)
      assert.include(applied.stdout, "2 of 4 hosts done, 1 failed, 1 waiting for approval")

      const again = cli.json(yield* run(["apply", file, "--plan", "--json"])).result as {
        plan: { hosts: ReadonlyArray<{ name: string; action: string }> }
      }
      assert.deepStrictEqual(
        again.plan.hosts.map(({ action }) => action),
        ["again", "again", "wait", "again"]
      )

      const status = yield* run(["status", file])
      assert.strictEqual(status.code, 29)
      assert.match(status.stdout, /h1 +✓ up to date/)
      assert.match(status.stdout, /h2 +! last run failed/)
      assert.match(status.stdout, /h3 +! waits for approval/)
      assert.include(status.stdout, "2 of 4 hosts have drifted")
      assert.strictEqual((yield* run(["status", file, "--only", "h[14]", "--only", "h1"])).code, 0)
    })
  )

  it.live("waiting for approval has its own exit code, and a selection applies only its hosts", () =>
    Effect.gen(function* () {
      const { file, run } = yield* begin((simulator) =>
        fleets.text(simulator, 3, {}, { require_approval: "always" }, (index) =>
          index === 1 ? { labels: { stage: "test" } } : {}
        )
      )
      const applied = yield* run(["apply", file, "--label", "stage=test", "--json"])
      assert.strictEqual(applied.code, 28)
      const { result } = cli.json(applied)
      assert.deepInclude(result, { fleet: "test" })
      assert.deepInclude((result as { counts: object }).counts, { hosts: 1, waiting: 1 })
      const empty = yield* run(["apply", file, "--only", "unknown"])
      assert.strictEqual(empty.code, 2)
    })
  )

  it.live("says what is wrong with the file, and ends with the exit code of settings", () =>
    Effect.gen(function* () {
      const { file, run } = yield* begin((simulator) => fleets.text(simulator, 1, { max_age: "soon" }))
      const ended = yield* run(["apply", file, "--json"])
      assert.strictEqual(ended.code, 3)
      const { error } = cli.json(ended)
      const problems = error?.["problems"] as ReadonlyArray<object> | undefined
      assert.deepInclude(problems?.[0], {
        problem: "must be a time like 12h or 7d"
      })
      assert.match(JSON.stringify(error), /"at":\{"path":".*fleet.yaml","line":1,"column":\d+\}/)
    })
  )

  it.live("when it was killed, the same command continues with the remaining hosts", () =>
    Effect.gen(function* () {
      const { dataDir, file, run, simulator, start } = yield* begin((simulator) =>
        fleets.text(simulator, 24, { concurrency: 3 })
      )
      const killed = yield* start(["apply", file], {
        signal: "SIGKILL",
        when: succeeded(dataDir, 6)
      })
      assert.strictEqual(killed.code, null)
      const before = count(dataDir, "succeeded")
      assert.isBelow(before, 24)
      const sessions = yield* privx.count(simulator.simulator, "Ueba.createSession")
      const ended = yield* run(["apply", file])
      assert.strictEqual(ended.code, 0)
      assert.include(ended.stderr, "continued")
      assert.include(ended.stdout, "24 of 24 hosts done")
      const more = (yield* privx.count(simulator.simulator, "Ueba.createSession")) - sessions
      assert.isAtMost(more, 24 - before)
      assert.strictEqual(count(dataDir, "succeeded"), 24)
    })
  )

  it.live("Ctrl-C says how to resume", () =>
    Effect.gen(function* () {
      const { dataDir, file, start } = yield* begin((simulator) => fleets.text(simulator, 30, { concurrency: 1 }))
      const ended = yield* start(["apply", file], {
        signal: "SIGINT",
        when: succeeded(dataDir, 1)
      })
      assert.strictEqual(ended.code, 130)
      assert.include(ended.stderr, `Continue with: privx-kit fleet apply ${file} --data-dir ${dataDir}`)
    })
  )

  it.live("watch applies at each time of the schedule, reads the file again, and reports drift", () =>
    Effect.gen(function* () {
      const { file, run, simulator } = yield* begin((simulator) =>
        fleets.text(simulator, 2, { schedule: { cron: "* * * * * *" } })
      )
      const changing = eventually(privx.count(simulator.simulator, "Ueba.configuration"), (count) => count >= 2).pipe(
        Effect.andThen(Effect.sleep("50 millis")),
        Effect.andThen(
          Effect.sync(() =>
            fs.writeFileSync(
              file,
              fleets.text(simulator, 2, { schedule: { cron: "* * * * * *" } }, {}, (index) =>
                index === 2 ? { sha256: "9".repeat(64) } : {}
              )
            )
          )
        )
      )
      const [ended] = yield* Effect.all([run(["watch", file, "--rounds", "3", "--json"]), changing], {
        concurrency: 2
      })
      assert.strictEqual(ended.code, 29, ended.stderr)
      const rounds = ended.stdout
        .trim()
        .split("\n")
        .map((line): { result: { drifted: number; hosts: ReadonlyArray<{ name: string; state: string }> } } =>
          JSON.parse(line)
        )
      assert.strictEqual(rounds.length, 3)
      assert.strictEqual(rounds[0]?.result.drifted, 0)
      assert.deepStrictEqual(
        rounds[2]?.result.hosts.map(({ name, state }) => [name, state]),
        [["h2", "failing"]]
      )
      assert.include(ended.stderr, "Next round: ")
    })
  )

  it.live("watch keeps the last good file when the schedule becomes one without a time, and says so", () =>
    Effect.gen(function* () {
      const { file, run, simulator } = yield* begin((simulator) =>
        fleets.text(simulator, 1, { schedule: { cron: "* * * * * *" } })
      )
      const changing = Effect.andThen(
        eventually(privx.count(simulator.simulator, "Ueba.configuration"), (count) => count >= 1),
        Effect.sync(() => fs.writeFileSync(file, fleets.text(simulator, 1, { schedule: { cron: "0 0 30 2 *" } })))
      )
      const [ended] = yield* Effect.all([run(["watch", file, "--rounds", "3", "--json"]), changing], { concurrency: 2 })
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.strictEqual(ended.stdout.trim().split("\n").length, 3)
      assert.match(ended.stderr, /schedule\.cron never matches a date/)
      assert.include(ended.stderr, "The last valid version of the file stays in use.")
    })
  )

  it.live("watch makes up for a round that was missed, and SIGTERM ends it cleanly", () =>
    Effect.gen(function* () {
      const { file, start } = yield* begin((simulator) =>
        fleets.text(simulator, 2, { schedule: { cron: "0 3 1 1 *", make_up: true } })
      )
      const ended = yield* start(["watch", file], { signal: "SIGTERM", when: "Next round: " })
      assert.strictEqual(ended.code, 143)
      assert.include(ended.stdout, "2 hosts, no drift.")
      assert.match(ended.stderr, /Next round: \d{4}-01-01 03:00:00/)
    })
  )

  it.live("shows a fleet run, and retries the hosts that failed", () =>
    Effect.gen(function* () {
      const { dataDir, file, run, simulator } = yield* begin((simulator) => fleets.text(simulator, 2))
      yield* Effect.orDie(simulator.simulator.setFaults(["createSession:403/PERMISSION_DENIED*1"]))
      const applied = yield* run(["apply", file, "--json"])
      assert.strictEqual(applied.code, 27, applied.stderr)
      const { runId } = cli.json(applied).result as { runId: string }
      const shown = yield* run(["show", runId.slice(0, 8)])
      assert.match(shown.stdout, /PermissionDenied/)
      const retried = yield* inProcess.run(["runs", "retry", runId.slice(0, 8), "--data-dir", dataDir])
      assert.strictEqual(retried.code, 0, retried.stderr)
      assert.include(retried.stdout, "2 of 2 hosts done")
      const listed = yield* inProcess.run(["runs", "list", "--data-dir", dataDir])
      assert.strictEqual(listed.stdout.trim().split("\n").length, 2, listed.stdout)
      assert.include(listed.stdout, "fleet:test")
      const parts = yield* inProcess.run(["runs", "list", "--parts", "--data-dir", dataDir])
      assert.strictEqual(parts.stdout.trim().split("\n").length, 4, parts.stdout)
      const one = yield* inProcess.run(["runs", "show", runId.slice(0, 8), "--data-dir", dataDir])
      assert.include(one.stdout, `Run privx-kit fleet show ${runId.slice(0, 8)} to see its hosts.`)
    })
  )
})
