/**
 * Kills processes at each named crash point and at random moments: before and after each effect and each write to journal
 * and record. `CRASH_KILLS` sets the number of kills; `pnpm test:crash` uses 200.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as Simulator from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import { bundled } from "../support/bundled.ts"
import * as privx from "../support/privx.ts"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"

type PrivX = Simulator.Simulator["Service"]

const kills = Number(process.env["CRASH_KILLS"] ?? 16)

const points = [
  "projection.create",
  "projection.begin",
  "projection.saveSteps",
  "projection.end",
  "journal.request",
  "journal.reply",
  "journal.activity",
  "acquire",
  "verify",
  "deliver"
].flatMap((name) => [`before ${name}`, `after ${name}`])

const keys = ["one", "two", "three"]

interface Place {
  readonly dataDir: string
  readonly output: string
}

/** Every file with a final name is complete. */
const assertWhole = (simulator: PrivX, { dataDir, output }: Place) => {
  const stored = path.join(dataDir, "artifacts", "sha256")
  for (const file of temporary.filesBelow(stored)) {
    assert.isTrue(fs.readFileSync(path.join(stored, file)).equals(simulator.script), file)
  }
  for (const file of temporary.filesBelow(output).filter((file) => !path.basename(file).startsWith("."))) {
    const bytes = fs.readFileSync(path.join(output, file))
    if (file.endsWith(".sh")) assert.isTrue(bytes.equals(simulator.script), file)
    if (file.endsWith(".json")) JSON.parse(bytes.toString())
  }
}

/** The record and the journal agree on the outcome. */
const assertAgreement = (simulator: PrivX, { dataDir, output }: Place, results: ReadonlyMap<string, string>) => {
  const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir), { readOnly: true })
  const all = (sql: string) => database.prepare(sql).all()
  const runs = all("SELECT id, status, idempotency_key AS key, result, sha256 FROM runs")
  const steps = all("SELECT run_id AS id, step, status, attempts FROM run_steps ORDER BY started_at")
  const replies =
    all(`SELECT m.payload AS request FROM cluster_messages m JOIN cluster_replies r ON r.request_id = m.request_id
    WHERE m.entity_type = 'Workflow/UebaSetup' AND m.tag = 'run' AND r.kind = 0`)
  const open = all("SELECT count(*) AS count FROM cluster_messages WHERE processed = 0")
  database.close()

  assert.deepStrictEqual(runs.map((run) => run["key"]).sort(), [...keys].sort(), "one run for each key")
  for (const run of runs) {
    const id = String(run["id"])
    assert.strictEqual(run["status"], "succeeded")
    assert.strictEqual(run["sha256"], simulator.scriptSha256)
    assert.strictEqual(results.get(String(run["key"])), id)
    assert.deepStrictEqual(
      steps
        .filter((step) => step["id"] === id)
        .map((step) => `${step["step"]} ${step["status"]}`)
        .sort(),
      ["create-session", "deliver", "download", "verify"].map((step) => `${step} succeeded`)
    )
    assert.strictEqual(
      replies.filter((reply) => String(reply["request"]).includes(id)).length,
      1,
      "one end in the journal"
    )
    assert.isTrue(fs.existsSync(path.join(output, String(run["key"]), "privx-ueba-setup.sh")))
    assert.isTrue(fs.existsSync(path.join(dataDir, "manifests", `${id}.json`)))
  }
  assert.strictEqual(replies.length, keys.length)
  assert.strictEqual(Number(open[0]?.["count"]), 0, "nothing is left to be done")
  assert.strictEqual(temporary.filesBelow(path.join(dataDir, "artifacts", "sha256")).length, 1)
  assert.deepStrictEqual(temporary.filesBelow(path.join(dataDir, "artifacts", "partial")), [])
}

/** Executes the runs, with repeated kills, until a process completes. Returns the number of kills. */
const campaign = Effect.fnUntraced(function* (
  simulator: PrivX,
  file: string,
  next: () => { readonly point: string; readonly nth: number; readonly after: number | undefined } | undefined
) {
  const directory = yield* temporary.directory
  const place = { dataDir: path.join(directory, "data"), output: path.join(directory, "out") }
  const token = Redacted.value(yield* simulator.issueToken())
  const results = new Map<string, string>()
  for (let killed = 0; ;) {
    const death = next()
    const running = yield* program.start(
      file,
      [place.dataDir, simulator.url.href, place.output, keys.join(","), death?.point ?? "-", String(death?.nth ?? 1)],
      { env: { TOKEN: token, NODE_COMPILE_CACHE: path.join(path.dirname(file), "cache") } }
    )
    if (death?.after !== undefined) {
      yield* running.line("ready ")
      yield* Effect.sleep(death.after)
      yield* running.kill
    }
    const code = yield* running.exitCode
    assertWhole(simulator, place)
    const lines = running.output().split("\n")
    for (const line of lines) {
      if (!line.startsWith("result ")) continue
      const { key, runId } = JSON.parse(line.slice("result ".length))
      assert.strictEqual(results.get(key) ?? runId, runId, "the same key is the same run")
      results.set(key, runId)
    }
    if (code === null) {
      killed++
      continue
    }
    assert.include(running.output(), "\npassed ")
    assertAgreement(simulator, place, results)
    return killed
  }
})

/** A small random number generator from 0 to 1, with the same sequence in each run of the suite. */
const numbers = (seed: number) => {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

describe("runs in processes that are killed", () => {
  it.live(
    `end, whole and once, after ${kills} deaths at crash points and at random`,
    () =>
      Effect.gen(function* () {
        const file = yield* bundled("crash-setups.ts")
        const simulator = yield* privx.start({
          faults: [
            "createSession:503/MAX_LOAD%10",
            "downloadSetupScript:delay=20ms",
            "downloadSetupScript:truncate@500%10"
          ],
          seed: 3
        })
        const random = numbers(Number(process.env["CRASH_SEED"] ?? 1))
        let left = kills
        let turn = 0
        /**
         * Two of three processes die at a point, in turn; the others at a random moment. After three kills in a row, one
         * completes.
         */
        const deaths = () => {
          let row = 0
          return () => {
            if (row >= 6 || left <= 0) return undefined
            // The first process records the runs; later ones resume them.
            const here = points.filter((point) => !point.endsWith(row === 0 ? "projection.begin" : "projection.create"))
            row++
            left--
            const index = turn++
            return index % 3 === 2
              ? { point: "-", nth: 1, after: Math.floor(random() * 250) }
              : { point: here[index % here.length] ?? "-", nth: 1 + Math.floor(random() * 2), after: undefined }
          }
        }
        let killed = 0
        yield* Effect.forEach(
          [1, 2],
          () =>
            Effect.gen(function* () {
              while (killed < kills) {
                left = Math.max(left, kills - killed)
                killed += yield* Effect.scoped(campaign(simulator, file, deaths()))
              }
            }),
          { concurrency: 2, discard: true }
        )
        assert.isAtLeast(killed, kills)
      }),
    600_000 + kills * 10_000
  )
})
