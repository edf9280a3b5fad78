/**
 * Workers that die, at each named crash point and at any other moment, a database that goes away, a PrivX that fails a third
 * of all calls: what was asked for ends, once. `CHAOS_RUNS` says of how many runs the largest of these is.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as SqlClient from "effect/sql/SqlClient"
import { Runs } from "@privx-kit/runs/Runs"
import * as SetupSubmission from "../src/setup/SetupSubmission.ts"
import { bundled } from "../test/support/bundled.ts"
import * as privx from "../test/support/privx.ts"
import type { Program } from "@privx-kit/testing/program"
import * as support from "./support.ts"

const server = support.server({ fsync: "off" })

const chaosRuns = Number(process.env["CHAOS_RUNS"] ?? 2000)

const points = [
  "projection.begin",
  "projection.end",
  "journal.request",
  "journal.reply",
  "journal.activity",
  "acquire",
  "verify",
  "deliver"
].flatMap((name) => [`before ${name}`, `after ${name}`])

const submit = (simulator: support.PrivX, key: string) =>
  Effect.map(SetupSubmission.submit({ target: simulator.url, idempotencyKey: key }), ({ id }) => id)

/** Waits until all of them are over, and tells how many are, now and then. */
const settled = Effect.fnUntraced(function* (ids: ReadonlyArray<string>, patience: number) {
  const runs = yield* Runs
  let left = ids
  for (let waited = 0; left.length > 0; waited += 200) {
    assert.isBelow(waited, patience, `${left.length} of ${ids.length} runs are not over`)
    yield* Effect.sleep(200)
    const done = new Set(yield* runs.settled(left))
    left = left.filter((id) => !done.has(id))
  }
})

/** The record and the journal of the end say the same, and each run is in both once. */
const assertAgreement = Effect.fnUntraced(function* (simulator: support.PrivX, ids: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; status: string; sha256: string; failure: string | null }>`
    SELECT id, status, sha256, failure FROM runs`
  assert.deepStrictEqual(rows.map(({ id }) => id).toSorted(), [...ids].toSorted(), "one run for each key")
  for (const { failure, sha256, status } of rows) {
    assert.strictEqual(status, "succeeded", failure ?? "")
    assert.strictEqual(sha256, simulator.scriptSha256)
  }
  const steps = yield* sql<{ id: string; steps: string }>`
    SELECT run_id AS id, string_agg(step || ' ' || status, ', ' ORDER BY step) AS steps FROM run_steps GROUP BY run_id`
  assert.strictEqual(steps.length, ids.length)
  const all = "create-session succeeded, deliver succeeded, download succeeded, verify succeeded"
  for (const run of steps) assert.strictEqual(run.steps, all, run.id)
  // The last runs are over a moment before the engine has noted it.
  const journal = sql<{ open: number; ends: number }>`
    SELECT count(*) FILTER (WHERE NOT m.processed)::int AS open,
      count(*) FILTER (WHERE m.tag = 'run' AND r.kind = 0)::int AS ends
    FROM cluster_messages m LEFT JOIN cluster_replies r ON r.request_id = m.request_id`
  yield* journal.pipe(
    Effect.delay("100 millis"),
    Effect.repeat({ until: ([row]) => row?.open === 0, times: 100 }),
    Effect.map((rows) => assert.deepStrictEqual(rows, [{ open: 0, ends: ids.length }]))
  )
  const [kept] = yield* sql<{ provenance: number; artifacts: number }>`
    SELECT (SELECT count(*) FROM provenance)::int AS provenance, (SELECT count(*) FROM artifacts)::int AS artifacts`
  assert.deepStrictEqual(kept, { provenance: ids.length, artifacts: 1 })
})

describe("workers that die", () => {
  it.live(
    "lose nothing and do nothing twice, at whatever point it happens",
    () =>
      Effect.gen(function* () {
        const file = yield* bundled("work.ts")
        const simulator = yield* privx.start({ faults: ["createSession:503/MAX_LOAD%10"] })
        const url = yield* support.database(server())
        yield* Effect.gen(function* () {
          const ids: Array<string> = []
          for (const [index, point] of points.entries()) {
            for (let n = 0; n < 3; n++) ids.push(yield* submit(simulator, `${index}/${n}`))
            const worker = yield* support.workerProcess(simulator, url, {
              file,
              death: { point, nth: 1 + (index % 3) }
            })
            assert.isNull(yield* worker.exitCode, worker.output())
          }
          const last = yield* support.workerProcess(simulator, url, { file })
          yield* settled(ids, 60_000)
          yield* assertAgreement(simulator, ids)
          yield* last.kill
        }).pipe(Effect.provide(support.record(url)))
      }),
    600_000
  )

  it.live(
    `end ${chaosRuns} runs, three at work, one killed every few seconds, Postgres started anew in between`,
    () =>
      Effect.gen(function* () {
        const file = yield* bundled("work.ts")
        const simulator = yield* privx.start({
          faults: ["createSession:503/MAX_LOAD%33", "downloadSetupScript:500/DATABASE_ERROR%33"]
        })
        const url = yield* support.database(server())
        yield* Effect.gen(function* () {
          const start = support.workerProcess(simulator, url, { file, concurrency: 32 })
          const workers: Array<Program> = [yield* start, yield* start, yield* start]
          const killed = yield* Ref.make(0)
          yield* Effect.gen(function* () {
            yield* Effect.sleep(3000 + Math.random() * 2000)
            const victim = workers.shift()
            if (victim !== undefined) yield* victim.kill
            workers.push(yield* start)
            yield* Ref.update(killed, (count) => count + 1)
          }).pipe(Effect.forever, Effect.forkScoped)
          const ids: Array<string> = []
          for (let n = 0; n < chaosRuns; n++) {
            ids.push(yield* submit(simulator, String(n)))
            if (n !== Math.floor(chaosRuns / 2)) continue
            yield* Effect.promise(() => server().stop("immediate"))
            yield* Effect.promise(() => server().start())
          }
          yield* settled(ids, 1_200_000)
          yield* assertAgreement(simulator, ids)
          assert.isAtLeast(yield* Ref.get(killed), 1)
        }).pipe(Effect.provide(support.record(url)))
      }),
    1_500_000
  )
})
