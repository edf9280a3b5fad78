import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import * as PostgresProvenanceStore from "@privx-kit/artifacts/PostgresProvenanceStore"
import * as ClusterWorker from "../src/worker/ClusterWorker.ts"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
import * as SetupSubmission from "../src/setup/SetupSubmission.ts"
import * as privx from "../test/support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"
import * as fs from "node:fs"
import * as support from "./support.ts"

const server = support.server()

const work = Effect.forkScoped(ClusterWorker.work({ concurrency: 16 }))

describe("a worker on Postgres", () => {
  it.live("executes what is queued, and keeps script, manifest and attestation in the database", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:503/MAX_LOAD*1"] })
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const submitted = yield* SetupSubmission.submit({ target: simulator.url, idempotencyKey: "one" })
        assert.strictEqual(submitted.status, "queued")
        yield* work
        const run = yield* eventually(runs.get(submitted.id), (run) => run?.status === "succeeded")
        assert.strictEqual(run?.sha256, simulator.scriptSha256)
        assert.deepStrictEqual(
          run?.steps.map(({ attempts, name, status }) => [name, attempts, status]),
          [
            ["create-session", 2, "succeeded"],
            ["download", 1, "succeeded"],
            ["verify", 1, "succeeded"],
            ["deliver", 1, "succeeded"]
          ]
        )
        const again = yield* SetupSubmission.submit({ target: simulator.url, idempotencyKey: "one" })
        assert.strictEqual(again.id, submitted.id)
        const script = yield* Effect.flatMap(ArtifactStore, (store) => store.read(simulator.scriptSha256))
        assert.isTrue(Buffer.from(script).equals(simulator.script))
        const provenance = yield* PostgresProvenanceStore.find(submitted.id)
        assert.strictEqual(JSON.parse(provenance?.manifest ?? "{}").script.sha256, simulator.scriptSha256)
        assert.include(provenance?.publicKey, "BEGIN PUBLIC KEY")
      }).pipe(Effect.provide(support.worker(simulator, url, yield* temporary.directory)))
    })
  )

  it.live("lets a run wait for its approval, and leaves it there for the next worker", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      const keys = yield* temporary.directory
      const id = yield* Effect.gen(function* () {
        const runs = yield* Runs
        yield* work
        const { id } = yield* SetupSubmission.submit({ target: simulator.url, requireApproval: "always" })
        yield* eventually(runs.get(id), (run) => run?.status === "waiting")
        return id
      }).pipe(Effect.provide(support.worker(simulator, url, keys)), Effect.scoped)
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const requests = yield* RunRequests
        yield* work
        const { scriptSha256: sha256 } = simulator
        const decision = { attempt: 1, action: "decide", approved: true, sha256 } as const
        assert.isTrue(yield* requests.ask({ ...decision, runId: id, by: "somebody" }))
        const run = yield* eventually(runs.get(id), (run) => run?.status === "succeeded")
        assert.strictEqual(run?.review?.decision?.by, "somebody")
      }).pipe(Effect.provide(support.worker(simulator, url, keys)), Effect.scoped)
    })
  )

  it.live("cancels queued, running and waiting runs", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const requests = yield* RunRequests
        const cancel = (runId: string) => requests.ask({ runId, attempt: 1, action: "cancel", by: "somebody" })
        const cancelled = (id: string) => eventually(runs.get(id), (run) => run?.status === "cancelled")
        const queued = yield* SetupSubmission.submit({ target: simulator.url, fresh: true })
        yield* cancel(queued.id)
        yield* cancelled(queued.id)
        yield* work
        const waiting = yield* SetupSubmission.submit({ target: simulator.url, fresh: true, requireApproval: "always" })
        yield* eventually(runs.get(waiting.id), (run) => run?.status === "waiting")
        yield* cancel(waiting.id)
        yield* cancelled(waiting.id)
        yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
        const running = yield* SetupSubmission.submit({ target: simulator.url, fresh: true })
        yield* eventually(
          runs.get(running.id),
          (run) => run?.steps.some(({ name, status }) => name === "download" && status === "running") === true
        )
        yield* cancel(running.id)
        yield* cancelled(running.id)
      }).pipe(Effect.provide(support.worker(simulator, url, yield* temporary.directory)))
    })
  )

  it.live("continues after Postgres was unreachable for a moment", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["downloadSetupScript:delay=200ms"] })
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        yield* work
        const ids = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.map(SetupSubmission.submit({ target: simulator.url, fresh: true }), ({ id }) => id)
        )
        yield* eventually(runs.settled(ids), (settled) => settled.length > 2)
        yield* Effect.promise(() => server().stop("immediate"))
        yield* Effect.sleep("1 second")
        yield* Effect.promise(() => server().start())
        yield* eventually(runs.settled(ids), (settled) => settled.length === ids.length)
        const all = yield* runs.list()
        assert.deepStrictEqual(
          all.filter(({ status }) => status !== "succeeded").map(({ failure }) => failure),
          []
        )
      }).pipe(Effect.provide(support.worker(simulator, url, yield* temporary.directory)))
    })
  )

  it.live("a worker that was paused overwrites nothing of a run that has ended meanwhile", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const death = { point: "before deliver", nth: 1, signal: "SIGSTOP" } as const
        const sleeper = yield* support.workerProcess(simulator, url, { death })
        yield* sleeper.line("ready")
        const { id } = yield* SetupSubmission.submit({ target: simulator.url, fresh: true })
        yield* eventually(
          Effect.sync(() => fs.readFileSync(`/proc/${sleeper.pid}/stat`, "utf8").replace(/^.*\) /, "")),
          (state) => state.startsWith("T")
        )
        const other = yield* support.workerProcess(simulator, url)
        yield* other.line("ready")
        const ended = yield* eventually(runs.get(id), (run) => run?.status === "succeeded")
        const kept = yield* PostgresProvenanceStore.find(id)
        assert.isDefined(kept)
        yield* sleeper.signal("SIGCONT")
        yield* Effect.sleep("3 seconds")
        assert.deepStrictEqual(yield* PostgresProvenanceStore.find(id), kept)
        assert.deepStrictEqual(yield* runs.get(id), ended)
      }).pipe(Effect.provide(support.record(url)))
    })
  )

  it.live("takes over what a killed worker was at within five seconds", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["downloadSetupScript:stall@100"] })
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const first = yield* support.workerProcess(simulator, url)
        yield* first.line("ready")
        const ids = yield* Effect.forEach(Array.from({ length: 10 }), () =>
          Effect.map(SetupSubmission.submit({ target: simulator.url, fresh: true }), ({ id }) => id)
        )
        yield* eventually(
          Effect.map(runs.list(), (all) => all.filter(({ steps }) => steps.some(({ name }) => name === "download"))),
          (downloading) => downloading.length === ids.length
        )
        const second = yield* support.workerProcess(simulator, url)
        yield* second.line("ready")
        yield* Effect.orDie(simulator.setFaults([]))
        yield* first.kill
        const [took] = yield* Effect.timed(eventually(runs.settled(ids), (settled) => settled.length === ids.length))
        assert.isBelow(Duration.toMillis(took), 5000)
        assert.isTrue((yield* runs.list()).every(({ status }) => status === "succeeded"))
      }).pipe(Effect.provide(support.record(url)))
    })
  )
})
