/** What an attacker can do who reaches the port of a worker with Effect's own client for runners. */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { assert, describe, it } from "@effect/vitest"
import * as EntityAddress from "effect/cluster/EntityAddress"
import * as EntityId from "effect/cluster/EntityId"
import * as EntityType from "effect/cluster/EntityType"
import * as Envelope from "effect/cluster/Envelope"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as Runners from "effect/cluster/Runners"
import { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as fs from "node:fs"
import * as path from "node:path"
import * as ClusterWorker from "../src/worker/ClusterWorker.ts"
import { RunRequests } from "@privx-kit/runs/RunRequests"
import { Runs } from "@privx-kit/runs/Runs"
import { SetupRun } from "../src/setup/SetupRun.ts"
import * as SetupSubmission from "../src/setup/SetupSubmission.ts"
import * as privx from "../test/support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"
import * as support from "./support.ts"

const server = support.server()

const serialization = RpcSerialization.layerSchemaBinary({})

/** A client of the runners' protocol for one address: what the cluster of Effect itself would send it with. */
const client = (address: RunnerAddress.RunnerAddress) =>
  Effect.gen(function* () {
    const { make } = yield* Runners.RpcClientProtocol
    const protocol = yield* make(address)
    return yield* Effect.provideService(Runners.makeRpcClient, RpcClient.Protocol, protocol)
  }).pipe(Effect.provide(NodeClusterSocket.layerClientProtocol.pipe(Layer.provide(serialization))))

/** The shapes of the engine's messages, as its peers encode them. */
const Anything = Schema.Union([Schema.Undefined, Schema.Any])

const Deferred = Schema.Struct({ name: Schema.String, exit: Schema.Exit(Anything, Anything, Schema.Any) })

const Execution = Schema.Struct({
  runId: Schema.String,
  attempt: Schema.optionalKey(Schema.Int),
  target: Schema.String,
  inputs: Schema.Struct({ output: Schema.String })
})

/** Where the worker says that it is reached. */
const advertised = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* eventually(
    sql<{ readonly address: string }>`SELECT address FROM cluster_runners`,
    ([row]) => row !== undefined
  )
  const url = new URL(`tcp://${row?.address}`)
  return RunnerAddress.make(url.hostname, Number(url.port))
})

/** A message to an execution of a setup, as it goes over the wire. */
const message = Effect.fnUntraced(function* <A, I>(runId: string, tag: string, schema: Schema.Codec<A, I>, payload: A) {
  const sharding = yield* Sharding
  const { codecFor } = yield* RpcSerialization.RpcSerialization
  const entityId = EntityId.make(yield* SetupRun.executionId({ runId, attempt: 1 }))
  return Envelope.PartialRequest.make({
    _tag: "Request",
    requestId: yield* sharding.getSnowflake,
    address: EntityAddress.make({
      shardId: sharding.getShardId(entityId, "default"),
      entityType: EntityType.make(`Workflow/${SetupRun.workflow}`),
      entityId
    }),
    tag,
    payload: yield* Effect.orDie(Schema.encodeEffect(codecFor(schema))(payload)),
    headers: Headers.empty
  })
}, Effect.provide(serialization))

/** Sends it in every way that there is, and waits until each has been answered, refused or given up. */
const sent = Effect.fnUntraced(function* (address: RunnerAddress.RunnerAddress, request: Envelope.PartialRequest) {
  const rpc = yield* client(address)
  const tries = [false, true].flatMap((persisted) => [
    rpc.Effect({ request, persisted }),
    rpc.Notify({ envelope: request, persisted })
  ])
  return yield* Effect.forEach(
    tries,
    (attempt) =>
      Effect.option(Effect.exit(Effect.timeout(attempt, "1500 millis")).pipe(Effect.flatMap((exit) => exit))),
    { concurrency: 4 }
  )
}, Effect.scoped)

describe("the port of a worker", () => {
  it.live("accepts no decision: a waiting run keeps waiting after a forged approval", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        yield* Effect.forkScoped(ClusterWorker.work({ concurrency: 16 }))
        const { id } = yield* SetupSubmission.submit({ target: simulator.url, requireApproval: "always" })
        yield* eventually(runs.get(id), (run) => run?.status === "waiting")
        const value = { action: "decide", approved: true, by: "mia", at: Date.now(), comment: null }
        const forged = yield* message(id, "deferred", Deferred, {
          name: "approval",
          exit: Exit.succeed(value)
        })
        const answers = yield* sent(yield* advertised, forged)
        assert.isTrue(answers.every(Option.isNone))
        yield* Effect.sleep("2 seconds")
        const run = yield* runs.get(id)
        assert.strictEqual(run?.status, "waiting")
        assert.isNull(run?.review?.decision ?? null)
        // And it can still be decided.
        const requests = yield* RunRequests
        const { scriptSha256: sha256 } = simulator
        yield* requests.ask({ runId: id, attempt: 1, action: "decide", approved: true, sha256, by: "noah" })
        const decided = yield* eventually(runs.get(id), (run) => run?.status === "succeeded")
        assert.strictEqual(decided?.review?.decision?.by, "noah")
      }).pipe(Effect.provide(support.worker(simulator, url, yield* temporary.directory)))
    })
  )

  it.live("accepts no run: nothing is downloaded, and nothing is written to the sender's path", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      const output = path.join(yield* temporary.directory, "chosen")
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        yield* Effect.forkScoped(ClusterWorker.work({ concurrency: 16 }))
        const known = yield* SetupSubmission.submit({ target: simulator.url, fresh: true })
        yield* eventually(runs.get(known.id), (run) => run?.status === "succeeded")
        const before = yield* privx.count(simulator, "Ueba.createSession")
        const address = yield* advertised
        for (const id of ["forged", known.id]) {
          const payload = { runId: id, attempt: 7, target: simulator.url.origin, inputs: { output } }
          const answers = yield* sent(address, yield* message(id, "run", Execution, payload))
          assert.isTrue(answers.every(Option.isNone))
        }
        yield* Effect.sleep("1 second")
        assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), before)
        assert.isFalse(fs.existsSync(output))
        assert.strictEqual((yield* runs.list()).length, 1)
      }).pipe(Effect.provide(support.worker(simulator, url, yield* temporary.directory)))
    })
  )

  it.live("a wake-up that no decision in the record goes with is none, even from within the database", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const requests = yield* RunRequests
        yield* Effect.forkScoped(ClusterWorker.work({ concurrency: 16 }))
        const { id } = yield* SetupSubmission.submit({ target: simulator.url, requireApproval: "always" })
        yield* eventually(runs.get(id), (run) => run?.status === "waiting")
        // A decision about another script than the one that waits.
        const sha256 = "0".repeat(64)
        yield* requests.ask({ runId: id, attempt: 1, action: "decide", approved: true, sha256, by: "mia" })
        const run = yield* eventually(runs.get(id), (run) => run?.endedAt !== null)
        assert.strictEqual(run?.status, "failed")
        assert.isNull(run?.review?.decision ?? null)
      }).pipe(Effect.provide(support.worker(simulator, url, yield* temporary.directory)))
    })
  )

  it.live("two workers pass work to each other through the database, and over the wire only ring", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const url = yield* support.database(server())
      yield* Effect.gen(function* () {
        const runs = yield* Runs
        const first = yield* support.workerProcess(simulator, url)
        const second = yield* support.workerProcess(simulator, url)
        yield* Effect.all([first.line("ready"), second.line("ready")])
        const ids = yield* Effect.forEach(Array.from({ length: 40 }), () =>
          Effect.map(SetupSubmission.submit({ target: simulator.url, fresh: true }), ({ id }) => id)
        )
        yield* eventually(runs.settled(ids), (settled) => settled.length === ids.length)
        assert.isTrue((yield* runs.list({ limit: 40 })).every(({ status }) => status === "succeeded"))
        const sql = yield* SqlClient.SqlClient
        const healthy = yield* sql<{ readonly healthy: boolean }>`SELECT healthy FROM cluster_runners`
        assert.deepStrictEqual(
          healthy.map(({ healthy }) => healthy),
          [true, true]
        )
      }).pipe(Effect.provide(support.record(url)))
    })
  )
})
