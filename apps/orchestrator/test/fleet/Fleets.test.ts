import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import { layerRunKinds } from "../../src/domain/Domains.ts"
import * as FleetReport from "../../src/fleet/FleetReport.ts"
import { FleetRecord } from "../../src/fleet/FleetRecord.ts"
import { idOf } from "../../src/fleet/FleetRun.ts"
import { Fleets } from "../../src/fleet/Fleets.ts"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
import * as RunReconciler from "@privx-kit/runs/RunReconciler"
import * as fleets from "../support/fleets.ts"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"

const none = { succeeded: 0, failed: 0, cancelled: 0, waiting: 0, new: 0, unchanged: 0, changed: 0 }

/** Requests of another process for a run while this process executes it. */
const ask = (dataDir: string, runId: string, action: "cancel" | "decide") =>
  Effect.gen(function* () {
    const run = yield* RunAccess.find(runId)
    const requests = yield* RunRequests
    yield* requests.ask({
      runId: run.id,
      attempt: run.attempt,
      action,
      approved: true,
      sha256: run.sha256 ?? undefined,
      by: "ada"
    })
  }).pipe(Effect.provide(RunAccess.layer(dataDir, "write")))

const fleetRuns = Effect.flatMap(Runs, (runs) => runs.list({ kind: "fleet" }))

describe("Fleets", () => {
  it.live("sets every host up, each under its own run, and delivers to each its own script", () =>
    Effect.gen(function* () {
      const { dataDir, file, directory } = yield* fleets.place
      const simulator = yield* fleets.start()
      const text = fleets.text(simulator, 5, {}, { output: "out/{name}" })
      const fleet = yield* fleets.read(simulator, file, text)
      const { counts, hosts, runId } = yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const outcome = yield* fleets.apply(plan)
          return { ...outcome, hosts: yield* FleetReport.of(outcome.runId) }
        })
      )
      assert.deepStrictEqual(counts, { ...none, hosts: 5, succeeded: 5, new: 5 })
      assert.deepStrictEqual(
        hosts.map(({ name, runId, status }) => ({ name, runId, status })),
        ["h1", "h2", "h3", "h4", "h5"].map((name) => ({ name, runId: idOf(runId, name), status: "succeeded" as const }))
      )
      assert.strictEqual(
        temporary.filesBelow(path.join(directory, "out")).filter((file) => file.endsWith(".sh")).length,
        5
      )
      const again = yield* fleets.session(dataDir, fleet, fleets.apply)
      assert.notStrictEqual(again.runId, runId)
      assert.deepStrictEqual(again.counts, { ...none, hosts: 5, succeeded: 5, unchanged: 5 })
    })
  )

  it.live("never sets up more hosts at once than the file allows", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start()
      const fleet = yield* fleets.read(simulator, file, fleets.text(simulator, 9, { concurrency: 2 }))
      const underWay = new Set<string>()
      let most = 0
      yield* fleets.session(dataDir, fleet, fleets.apply, (event) => {
        if (event._tag === "RunStarted" && event.kind !== "fleet") underWay.add(event.runId)
        if (event._tag === "RunEnded") underWay.delete(event.runId)
        most = Math.max(most, underWay.size)
      })
      assert.strictEqual(most, 2)
    })
  )

  it.live("a host that fails keeps no other, and retrying executes that host alone", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start()
      const broken = yield* fleets.start({
        faults: ["createSession:403/PERMISSION_DENIED"],
        apiClient: simulator.simulator.apiClient
      })
      const text = fleets.text(simulator, 4, {}, {}, (index) => (index === 2 ? { base_url: broken.url(2) } : {}))
      const fleet = yield* fleets.read(simulator, file, text)
      yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const { counts, runId } = yield* fleets.apply(plan)
          assert.deepStrictEqual(counts, { ...none, hosts: 4, succeeded: 3, failed: 1, new: 3 })
          const [, second] = yield* FleetReport.of(runId)
          assert.strictEqual(second?.failure?.tag, "PermissionDenied")
          const [run] = yield* fleetRuns
          assert.strictEqual(run?.status, "failed")

          yield* Effect.orDie(broken.simulator.setFaults([]))
          const before = yield* privx.count(simulator.simulator, "Ueba.createSession")
          const retried = yield* Effect.flatMap(Fleets, (fleets) => fleets.retry(runId))
          assert.deepStrictEqual(retried, {
            runId,
            counts: { ...none, hosts: 4, succeeded: 4, new: 4 }
          })
          assert.strictEqual(yield* privx.count(simulator.simulator, "Ueba.createSession"), before)
          const [after] = yield* fleetRuns
          assert.deepStrictEqual([after?.status, after?.attempt], ["succeeded", 2])
        })
      )
    })
  )

  it.live("resumes an interrupted fleet run", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start()
      const fleet = yield* fleets.read(simulator, file, fleets.text(simulator, 12, { concurrency: 3 }))
      const first = yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const runs = yield* Runs
          const fiber = yield* Effect.forkChild(fleets.apply(plan), { startImmediately: true })
          yield* eventually(runs.list({ kind: "ueba-setup", status: ["succeeded"] }), (done) => done.length >= 3)
          yield* Fiber.interrupt(fiber)
          return (yield* fleetRuns)[0]?.id
        })
      )
      const { counts, runId } = yield* fleets.session(dataDir, fleet, fleets.apply)
      assert.strictEqual(runId, first)
      assert.strictEqual(counts.succeeded, 12)
    })
  )

  it.live("cancelling the fleet run cancels the hosts that are not over", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start({ faults: ["downloadSetupScript:stall@100"] })
      const fleet = yield* fleets.read(simulator, file, fleets.text(simulator, 6, { concurrency: 2 }))
      const { failure, runId } = yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(Effect.flip(fleets.apply(plan)), { startImmediately: true })
          yield* eventually(privx.count(simulator.simulator, "Ueba.downloadSetupScript"), (count) => count === 2)
          const id = (yield* fleetRuns)[0]?.id ?? ""
          yield* ask(dataDir, id, "cancel")
          return { failure: yield* Fiber.join(fiber), runId: id }
        })
      )
      assert.strictEqual(failure._tag, "RunCancelled")
      const runs = yield* Effect.flatMap(Runs, (runs) => runs.list()).pipe(
        Effect.provide(RunAccess.layer(dataDir, "read"))
      )
      assert.deepStrictEqual(new Set(runs.map(({ status }) => status)), new Set(["cancelled"]))
      assert.strictEqual(runs.filter(({ parentId }) => parentId === runId).length, 2)
    })
  )

  it.live("a fleet run that no process is at is cancelled with its hosts, and does not come back", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start({ faults: ["downloadSetupScript:stall@100"] })
      const fleet = yield* fleets.read(simulator, file, fleets.text(simulator, 4, { concurrency: 2 }))
      const runId = yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(fleets.apply(plan), { startImmediately: true })
          yield* eventually(privx.count(simulator.simulator, "Ueba.downloadSetupScript"), (count) => count === 2)
          yield* Fiber.interrupt(fiber)
          return (yield* fleetRuns)[0]?.id ?? ""
        })
      )
      yield* ask(dataDir, runId, "cancel")
      yield* Effect.provide(RunReconciler.settle(dataDir), [
        RunAccess.layer(dataDir, "write"),
        layerRunKinds.pipe(Layer.provide(privx.domains))
      ])
      const statuses = Effect.map(
        Effect.flatMap(Runs, (runs) => runs.list()),
        (runs) => runs.map(({ status }) => status)
      )
      assert.deepStrictEqual(yield* Effect.provide(statuses, RunAccess.layer(dataDir, "read")), [
        "cancelled",
        "cancelled",
        "cancelled"
      ])
      yield* Effect.orDie(simulator.simulator.setFaults([]))
      const again = yield* fleets.session(dataDir, fleet, fleets.apply)
      assert.notStrictEqual(again.runId, runId)
      assert.strictEqual(again.counts.succeeded, 4)
    })
  )

  it.live("a host that waits for approval does not block the others, and is not started twice", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start()
      const text = fleets.text(simulator, 3, {}, {}, (index) => (index === 1 ? { require_approval: "always" } : {}))
      const fleet = yield* fleets.read(simulator, file, text)
      const first = yield* fleets.session(dataDir, fleet, fleets.apply)
      assert.deepStrictEqual(first.counts, { ...none, hosts: 3, succeeded: 2, waiting: 1, new: 3 })
      const second = yield* fleets.session(dataDir, fleet, fleets.apply)
      assert.deepStrictEqual(second.counts, { ...none, hosts: 3, succeeded: 2, waiting: 1, new: 1, unchanged: 2 })

      const waiting = idOf(first.runId, "h1")
      yield* ask(dataDir, waiting, "decide")
      const third = yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const outcome = yield* fleets.apply(plan)
          return { ...outcome, hosts: yield* FleetReport.of(outcome.runId) }
        })
      )
      assert.strictEqual(third.counts.succeeded, 3)
      assert.deepStrictEqual([third.hosts[0]?.runId, third.hosts[0]?.status], [waiting, "succeeded"])
    })
  )

  it.live("an unfinished fleet run of other inputs is left alone, and named", () =>
    Effect.gen(function* () {
      const { dataDir, file } = yield* fleets.place
      const simulator = yield* fleets.start({ faults: ["createSession:stall@0*1"] })
      const fleet = yield* fleets.read(simulator, file, fleets.text(simulator, 2, { concurrency: 1 }))
      const runId = yield* fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(fleets.apply(plan), { startImmediately: true })
          yield* eventually(privx.count(simulator.simulator, "Ueba.createSession"), (count) => count === 1)
          yield* Fiber.interrupt(fiber)
          return (yield* fleetRuns)[0]?.id ?? ""
        })
      )
      const other = yield* fleets.read(simulator, file, fleets.text(simulator, 1, {}, { min_bytes: 10 }))
      yield* fleets.session(dataDir, other, (plan) =>
        Effect.gen(function* () {
          let others: ReadonlyArray<string> = []
          const { counts } = yield* Effect.flatMap(Fleets, (fleets) =>
            fleets.run(plan, (fleetRun) =>
              Effect.sync(() => {
                others = fleetRun.others
              })
            )
          )
          assert.deepStrictEqual(others, [runId])
          assert.deepStrictEqual([counts.hosts, counts.succeeded], [1, 1])
          const record = yield* FleetRecord
          let parts = 0
          yield* record.eachPart(runId, () => parts++)
          assert.strictEqual(parts, 1)
        })
      )
      const { counts } = yield* fleets.session(dataDir, fleet, fleets.apply)
      assert.strictEqual(counts.succeeded, 2)
    })
  )
})
