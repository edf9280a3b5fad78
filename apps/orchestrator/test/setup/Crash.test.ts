import { assert, describe, it } from "@effect/vitest"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import type * as Simulator from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as privx from "../support/privx.ts"
import * as program from "@privx-kit/testing/program"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"

type PrivX = Simulator.Simulator["Service"]

const place = Effect.gen(function* () {
  const directory = yield* temporary.directory
  return { dataDir: path.join(directory, "data"), output: path.join(directory, "out") }
})

const start = Effect.fnUntraced(function* (simulator: PrivX, { dataDir, output }: { dataDir: string; output: string }) {
  const token = yield* simulator.issueToken()
  return yield* program.start(
    path.join(import.meta.dirname, "../programs/run-setup.ts"),
    [dataDir, simulator.url.href, output],
    {
      env: { TOKEN: Redacted.value(token) }
    }
  )
})

/** Every file with a final name is complete. */
const assertWhole = (simulator: PrivX, { dataDir, output }: { dataDir: string; output: string }) => {
  const stored = path.join(dataDir, "artifacts", "sha256")
  for (const file of temporary.filesBelow(stored)) {
    assert.isTrue(fs.readFileSync(path.join(stored, file)).equals(simulator.script), file)
  }
  for (const file of temporary.filesBelow(output).filter((file) => !file.startsWith("."))) {
    const bytes = fs.readFileSync(path.join(output, file))
    if (file.endsWith(".sh")) assert.isTrue(bytes.equals(simulator.script), file)
    else if (file.endsWith(".json")) JSON.parse(bytes.toString())
  }
}

const records = (dataDir: string) => {
  const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir), { readOnly: true })
  const runs = database.prepare("SELECT id, status FROM runs").all()
  const journal = database
    .prepare(
      `SELECT r.payload FROM cluster_messages m JOIN cluster_replies r ON r.request_id = m.request_id
       WHERE m.entity_type = 'Workflow/UebaSetup' AND m.tag = 'run' AND r.kind = 0`
    )
    .all()
  database.close()
  return { runs, journal: journal.map((row) => JSON.parse(String(row["payload"]))) }
}

/** Milliseconds. A process takes a second to start, and several seconds on a busy machine. */
const patience = 120_000

describe("a process that is killed", () => {
  it.live(
    "in mid-download: the next one brings the same run to its end, and nothing half-written is seen",
    () =>
      Effect.gen(function* () {
        // The download takes some seconds, so that there is a middle; an id is valid for one download.
        const simulator = yield* privx.start({
          script: SetupScript.ofSize(400_000),
          sessionUses: 1,
          faults: ["downloadSetupScript:slow=4000/20ms*1"]
        })
        const where = yield* place
        const first = yield* start(simulator, where)
        const { runId } = JSON.parse(yield* first.line("RunStarted "))
        yield* first.line("Progress ")
        yield* eventually(
          Effect.sync(() => temporary.filesBelow(path.join(where.dataDir, "artifacts", "partial"))),
          (files) => files.length === 1
        )
        yield* first.kill

        assert.notMatch(first.output(), /^StepCompleted .*"step":"download"/m)
        assert.deepStrictEqual(temporary.filesBelow(path.join(where.dataDir, "artifacts", "sha256")), [])
        assert.isFalse(fs.existsSync(where.output))

        const second = yield* start(simulator, where)
        const result = JSON.parse(yield* second.line("result "))
        assert.strictEqual(yield* second.exitCode, 0)
        assert.strictEqual(result.runId, runId)
        assert.strictEqual(result.sha256, simulator.scriptSha256)
        assert.isTrue(JSON.parse(yield* second.line("RunStarted ")).resumed)
        assert.isTrue(fs.readFileSync(result.delivered).equals(simulator.script))
        assert.deepStrictEqual(temporary.filesBelow(path.join(where.dataDir, "artifacts", "partial")), [])
        assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 2)
      }),
    patience
  )

  it.live(
    "again and again, at any moment: one run, whole files, and a record that agrees with the journal",
    () =>
      Effect.gen(function* () {
        const simulator = yield* privx.start({
          script: SetupScript.ofSize(20_000),
          sessionUses: 1,
          faults: ["createSession:delay=20ms", "downloadSetupScript:slow=2000/5ms"]
        })
        const where = yield* place
        const killAfter = ["RunStarted ", "StepStarted ", "StepCompleted ", "Progress ", "RunEnded "]
        let runId: string | undefined
        for (const [index, moment] of killAfter.entries()) {
          const running = yield* start(simulator, where)
          yield* running.line(moment)
          // Not at that line exactly, but somewhere after it.
          yield* Effect.sleep(index * 7)
          yield* running.kill
          assertWhole(simulator, where)
          const { runs } = records(where.dataDir)
          assert.strictEqual(runs.length, 1)
          runId ??= String(runs[0]?.["id"])
          assert.strictEqual(runs[0]?.["id"], runId)
          if (running.output().includes("RunEnded ")) break
        }
        const last = yield* start(simulator, where)
        const result = JSON.parse(yield* last.line("result "))
        yield* last.exitCode
        assertWhole(simulator, where)
        assert.isTrue(fs.readFileSync(result.delivered).equals(simulator.script))
        const { journal, runs } = records(where.dataDir)
        assert.isTrue(runs.every((run) => run["status"] === "succeeded"))
        assert.strictEqual(journal.length, runs.length)
        assert.isTrue(journal.every((reply) => JSON.stringify(reply).includes('"_tag":"Success"')))
      }),
    patience
  )

  it.live(
    "by Ctrl-C ends at once, tidily, and leaves the run to the next one",
    () =>
      Effect.gen(function* () {
        const simulator = yield* privx.start({ faults: ["downloadSetupScript:stall@100*1"] })
        const where = yield* place
        const first = yield* start(simulator, where)
        const { runId } = JSON.parse(yield* first.line("RunStarted "))
        yield* first.line("Progress ")
        const interrupted = Date.now()
        yield* first.signal("SIGINT")
        yield* first.exitCode
        // Well below the 15 s that the engine would otherwise wait for its steps.
        assert.isBelow(Date.now() - interrupted, 8000)
        assert.deepStrictEqual(
          records(where.dataDir).runs.map((run) => run["status"]),
          ["interrupted"]
        )
        assert.deepStrictEqual(temporary.filesBelow(path.join(where.dataDir, "artifacts")), [])
        const second = yield* start(simulator, where)
        assert.strictEqual(JSON.parse(yield* second.line("result ")).runId, runId)
      }),
    patience
  )
})
