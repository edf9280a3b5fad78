import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import type { Ended } from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import { atWork, interruptedInDownload, only, place, runs, session, setup, stalled } from "../support/setups.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** The command line as a user types it, in the data directory of the test. */
const cli = (dataDir: string, ...args: ReadonlyArray<string>) => inProcess.run([...args, "--data-dir", dataDir])

const result = (ended: Ended) => JSON.parse(ended.stdout).result

const count = (dataDir: string, table: string): number => {
  const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir), { readOnly: true })
  const row = database.prepare(`SELECT count(*) AS count FROM ${table}`).get()
  database.close()
  return Number(row?.["count"])
}

describe("privx-kit runs", () => {
  it.live("finds nothing where there is no data directory, and makes none", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* place
      const listed = yield* cli(dataDir, "runs", "list", "--json")
      assert.deepStrictEqual(result(listed), { runs: [] })
      assert.strictEqual((yield* cli(dataDir, "runs", "show", "1f0c")).code, 16)
      assert.isFalse(fs.existsSync(dataDir))
    })
  )

  it.live("lists, by state, target and time, while another process holds the directory", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED*1"] })
      const { dataDir } = yield* place
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          yield* Effect.flip(setup(simulator))
          const done = yield* setup(simulator)
          const ids = (...args: ReadonlyArray<string>) =>
            Effect.map(cli(dataDir, "runs", "list", "--json", ...args), (ended) =>
              result(ended).runs.map((run: { readonly id: string }) => run.id)
            )
          assert.strictEqual((yield* ids()).length, 2)
          assert.deepStrictEqual(yield* ids("--status", "succeeded"), [done.runId])
          assert.strictEqual((yield* ids("--status", "succeeded", "--status", "failed")).length, 2)
          assert.strictEqual((yield* ids("--target", `${simulator.url.origin}/`)).length, 2)
          assert.deepStrictEqual(yield* ids("--target", "https://other.example"), [])
          assert.strictEqual((yield* ids("--since", "1h")).length, 2)
          assert.deepStrictEqual(yield* ids("--since", "2999-01-01"), [])
          assert.deepStrictEqual(yield* ids("--limit", "1"), [done.runId])

          const text = yield* cli(dataDir, "runs", "list")
          assert.match(text.stdout, /failed.*PermissionDenied/)
          const shown = yield* cli(dataDir, "runs", "show", done.runId.slice(0, 8))
          for (const word of [done.runId, "create-session", "download", "verify", "deliver", simulator.scriptSha256]) {
            assert.include(shown.stdout, word)
          }
        })
      )
    })
  )

  it.live("shows tries, bytes and what failed, by error_code", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:503/MAX_LOAD*2"] })
      const { dataDir } = yield* place
      const { runId } = yield* session(simulator, dataDir, setup(simulator))
      const { steps } = result(yield* cli(dataDir, "runs", "show", runId, "--json"))
      assert.deepInclude(steps[0], { name: "create-session", attempts: 3, failures: { MAX_LOAD: 2 } })
      assert.deepInclude(steps[1], { name: "download", attempts: 1, bytes: simulator.script.length })
      assert.match((yield* cli(dataDir, "runs", "show", runId)).stdout, /create-session .* 3 attempts, MAX_LOAD × 2/)
    })
  )

  it.live("says which runs are meant when the beginning of an id fits several", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* session(simulator, dataDir, setup(simulator))
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      database.exec(
        "PRAGMA foreign_keys = OFF; UPDATE runs SET id = 'abcd-1'; INSERT INTO runs (id, kind, target, inputs, status," +
          " created_at, started_at, ended_at, result) SELECT 'abcd-2', kind, target, inputs, status, created_at, started_at," +
          " ended_at, result FROM runs"
      )
      database.close()
      const ended = yield* cli(dataDir, "runs", "show", "abcd", "--json")
      assert.strictEqual(ended.code, 2)
      assert.deepStrictEqual(JSON.parse(ended.stdout).error.ids, ["abcd-1", "abcd-2"])
    })
  )

  it.live("shows a run as interrupted after its process was killed", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const before = yield* interruptedInDownload(simulator, dataDir)
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      // The state that `kill -9` leaves.
      database.exec("UPDATE runs SET status = 'running'; UPDATE run_steps SET status = 'running'")
      database.close()
      const shown = result(yield* cli(dataDir, "runs", "show", before.id, "--json"))
      assert.strictEqual(shown.status, "interrupted")
      const listed = result(yield* cli(dataDir, "runs", "list", "--status", "interrupted", "--json"))
      assert.strictEqual(listed.runs.length, 1)
    })
  )

  it.live("follows a run to its end, a document a line", () =>
    atWork(
      ["downloadSetupScript:503/MAX_LOAD*1,retry-after=1"],
      Effect.fnUntraced(function* ({ dataDir, simulator }) {
        const fiber = yield* Effect.forkChild(setup(simulator), { startImmediately: true })
        const { id } = yield* eventually(only, (run) => run.steps.length > 0)
        const watched = yield* cli(dataDir, "runs", "watch", id.slice(0, 8), "--json")
        yield* Fiber.join(fiber)
        assert.strictEqual(watched.code, 0)
        const lines = watched.stdout
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line).result)
        assert.isAbove(lines.length, 1)
        assert.strictEqual(lines.at(0).status, "running")
        assert.strictEqual(lines.at(-1).status, "succeeded")
      })
    )
  )

  it.live("ends watching with the exit code of the run's failure", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED"] })
      const { dataDir } = yield* place
      yield* session(simulator, dataDir, Effect.flip(setup(simulator)))
      const { id } = result(yield* cli(dataDir, "runs", "list", "--json")).runs[0]
      assert.strictEqual((yield* cli(dataDir, "runs", "watch", id)).code, 8)
    })
  )

  it.live("cancels a run while another process executes it", () =>
    atWork(
      ["downloadSetupScript:stall@100"],
      Effect.fnUntraced(function* ({ dataDir, simulator }) {
        const { fiber, id } = yield* stalled(simulator)
        const cancelled = yield* cli(dataDir, "runs", "cancel", id, "--json")
        const failure = yield* Fiber.join(fiber)
        assert.strictEqual(failure._tag, "RunCancelled")
        assert.strictEqual(result(cancelled).status, "cancelled")
        assert.strictEqual(result(cancelled).steps[1].status, "cancelled")
        assert.strictEqual((yield* cli(dataDir, "runs", "cancel", id)).code, 21)
      })
    )
  )

  it.live("cancels a run that no process is at, for good", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const { id } = yield* interruptedInDownload(simulator, dataDir)
      const sessions = yield* privx.count(simulator, "Ueba.createSession")
      assert.strictEqual(result(yield* cli(dataDir, "runs", "cancel", id, "--json")).status, "cancelled")
      assert.strictEqual(count(dataDir, "cluster_messages"), 0)
      assert.strictEqual(count(dataDir, "activity_exits"), 0)
      // A later process does not change it.
      const [run] = yield* session(simulator, dataDir, Effect.andThen(Effect.sleep("300 millis"), runs))
      assert.strictEqual(run?.status, "cancelled")
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), sessions)
    })
  )

  it.live("prunes what is over, from the record and from the engine's journal", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const open = yield* interruptedInDownload(simulator, dataDir, { output: path.join(dataDir, "..", "one") })
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      const messages = count(dataDir, "cluster_messages")
      database.close()
      yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100*1"]))
      const downloads = privx.count(simulator, "Ueba.downloadSetupScript")
      const before = yield* downloads
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          // The resumed run stays open, so it needs a separate stalled download.
          yield* eventually(downloads, (count) => count > before)
          for (let index = 0; index < 25; index++) yield* setup(simulator, { fresh: true })
        })
      )
      const over = (yield* runsOver(dataDir)).length
      const dry = yield* cli(dataDir, "runs", "prune", "--keep", "1", "--dry-run", "--json")
      assert.strictEqual(result(dry).removed.length, over - 1)
      assert.strictEqual((yield* runsOver(dataDir)).length, over)
      assert.strictEqual((yield* cli(dataDir, "runs", "prune", "--older-than", "1d", "--json")).code, 0)
      assert.strictEqual((yield* runsOver(dataDir)).length, over)
      yield* cli(dataDir, "runs", "prune", "--keep", "0")
      assert.deepStrictEqual(yield* runsOver(dataDir), [])
      assert.deepStrictEqual(
        result(yield* cli(dataDir, "runs", "list", "--json")).runs.map((run: { readonly id: string }) => run.id),
        [open.id]
      )
      assert.strictEqual(count(dataDir, "run_steps") > 0, true)
      assert.isAtMost(count(dataDir, "cluster_messages"), messages)
      assert.strictEqual(count(dataDir, "activity_exits"), 0)
      assert.strictEqual((yield* cli(dataDir, "runs", "prune")).code, 2)
      assert.isNotEmpty(temporary.filesBelow(path.join(dataDir, "manifests")))
    })
  )
})

const runsOver = (dataDir: string) =>
  Effect.map(cli(dataDir, "runs", "list", "--json", "--limit", "100"), (ended) =>
    result(ended).runs.filter((run: { readonly endedAt: string | null }) => run.endedAt !== null)
  )
