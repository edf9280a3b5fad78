/** The state of the UEBA domain, tested with the client of the kit over a real socket. */
import { assert, describe, it } from "@effect/vitest"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as Connection from "@privx-kit/http/Connection"
import * as TokenProvider from "@privx-kit/http/TokenProvider"
import * as Transport from "@privx-kit/http/Transport"
import { Dataset, TimeRange, Ueba } from "@privx-kit/ueba"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type Options, Simulator } from "../src/Simulator.ts"
import * as SetupScript from "../src/SetupScript.ts"

const day = 86_400_000

/** A simulator with a client, in virtual time that starts on a day with earlier history. */
const start = Effect.fnUntraced(function* (options: Options<readonly []> = {}) {
  yield* TestClock.setTime(Date.UTC(2026, 5, 1))
  const simulator = yield* Simulator.make({ tokenLifetime: "365 days", ...options })
  const token = yield* simulator.issueToken()
  const context = yield* Layer.build(
    Ueba.layer().pipe(
      Layer.provide(Transport.Transport.layer),
      Layer.provide(TokenProvider.TokenProvider.layerStatic(token)),
      Layer.provide(Connection.Connection.layer({ baseUrl: simulator.url }))
    )
  )
  const ueba = yield* Effect.service(Ueba).pipe(Effect.provide(context))
  const now = yield* Clock.currentTimeMillis
  return { simulator, ueba, month: { time_range_settings: TimeRange.between(now - 30 * day, now) } }
})

/** The refusal of an operation, as status and message. */
const refusal = <A>(operation: Effect.Effect<A, PrivxFailure>) =>
  Effect.map(Effect.flip(operation), (failure) =>
    "errorMessage" in failure ? `${failure.status} ${failure.errorMessage}` : failure.message
  )

const download = (ueba: Ueba["Service"]) =>
  Effect.gen(function* () {
    const { id } = yield* ueba.createSession
    return Buffer.concat(yield* Stream.runCollect(ueba.downloadSetupScript(id))).toString()
  })

describe("the configuration", () => {
  it.effect("is what the script is made from, from the moment it is set", () =>
    Effect.gen(function* () {
      const { simulator, ueba } = yield* start()
      assert.strictEqual(yield* download(ueba), SetupScript.text)
      yield* ueba.setConfiguration({ address: "ueba.example.com:8443" })
      const configuration = yield* ueba.configuration
      assert.strictEqual(configuration.address, "ueba.example.com:8443")
      assert.strictEqual(configuration.trust_anchors, SetupScript.trustAnchor)
      const script = yield* download(ueba)
      assert.strictEqual(script, SetupScript.make({ address: "ueba.example.com:8443" }))
      assert.strictEqual(Buffer.from(yield* simulator.ueba.currentScript).toString(), script)
    })
  )

  it.effect("is needed before there is a session, unless the script is given", () =>
    Effect.gen(function* () {
      const unconfigured = yield* start({ configuration: { address: "" } })
      assert.match(yield* refusal(unconfigured.ueba.createSession), /^400 .*not configured/)
      yield* unconfigured.ueba.setConfiguration({ address: "a:1", trust_anchors: SetupScript.trustAnchor })
      assert.include(yield* download(unconfigured.ueba), "a:1")
      const given = yield* start({ script: "#!/bin/sh\n:\n" })
      assert.strictEqual(yield* download(given.ueba), "#!/bin/sh\n:\n")
      yield* given.ueba.setConfiguration({ address: "a:1" })
      assert.strictEqual(yield* download(given.ueba), "#!/bin/sh\n:\n")
    })
  )

  it.effect("describes its trust anchors, and refuses what is no certificate", () =>
    Effect.gen(function* () {
      const { ueba } = yield* start()
      const [info] = (yield* ueba.configuration).trust_anchors_info ?? []
      assert.include(JSON.stringify(info), "PrivX simulator UEBA trust anchor")
      for (const trust_anchors of ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]) {
        assert.match(yield* refusal(ueba.setConfiguration({ trust_anchors })), /^400/)
      }
      yield* ueba.setConfiguration({ trust_anchors: "" })
      assert.deepStrictEqual((yield* ueba.configuration).trust_anchors_info, undefined)
    })
  )

  it.effect("has settings for anomalies that are kept", () =>
    Effect.gen(function* () {
      const { ueba } = yield* start()
      yield* ueba.setAnomalySettings({ action: "BLOCK", threshold: 0.75 })
      assert.deepStrictEqual(yield* ueba.anomalySettings, { action: "BLOCK", threshold: 0.75 })
    })
  )
})

describe("the service", () => {
  it.effect("is pending until the host has run the script", () =>
    Effect.gen(function* () {
      const { ueba } = yield* start({ hostRunsScript: "10 minutes" })
      const status = Effect.map(ueba.status, ({ status }) => status)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* status, "PENDING")
      yield* download(ueba)
      yield* TestClock.adjust("599 seconds")
      assert.strictEqual(yield* status, "PENDING")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* status, "RUNNING")
      const { start_time } = yield* ueba.status
      assert.strictEqual(start_time && DateTime.formatIso(start_time), "2026-06-01T01:10:00.000Z")
    })
  )

  it.effect("waits for a person where the host never runs it by itself, and can have any status", () =>
    Effect.gen(function* () {
      const { simulator, ueba } = yield* start({ hostRunsScript: "never" })
      yield* download(ueba)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* ueba.status).status, "PENDING")
      yield* simulator.ueba.runScript
      assert.strictEqual((yield* ueba.status).status, "RUNNING")
      yield* simulator.ueba.setStatus({ status: "HIBERNATING", message: "zzz" })
      const { status, status_message } = yield* ueba.status
      assert.deepStrictEqual([status, status_message], ["HIBERNATING", "zzz"])
      yield* simulator.ueba.setStatus(undefined)
      assert.strictEqual((yield* ueba.status).status, "RUNNING")
    })
  )
})

describe("the history of connections", () => {
  it.effect("is the same for the same seed, and another for another", () =>
    Effect.gen(function* () {
      const count = Effect.fnUntraced(function* (seed: number) {
        const { month, ueba } = yield* start({ seed })
        return (yield* ueba.countConnections(month.time_range_settings)).count
      })
      assert.strictEqual(yield* count(1), yield* count(1))
      assert.notStrictEqual(yield* count(1), yield* count(2))
      assert.isAbove(yield* count(1), 20_000)
    })
  )

  it.effect("adds up: parts of a range, and what is left out of it", () =>
    Effect.gen(function* () {
      const { ueba } = yield* start()
      const now = yield* Clock.currentTimeMillis
      const at = (days: number) => DateTime.makeUnsafe(now - days * day + 1_234_567)
      const count = (range: TimeRange.TimeRange) => Effect.map(ueba.countConnections(range), ({ count }) => count)
      const whole = yield* count({ start: at(20), end: at(5) })
      const parts = [yield* count({ start: at(20), end: at(12.3) }), yield* count({ start: at(12.3), end: at(5) })]
      assert.strictEqual(whole, parts[0]! + parts[1]!)
      const hole = { start: at(15), end: at(10) }
      const overlapping = { start: at(12), end: at(8) }
      assert.strictEqual(
        yield* count({ start: at(20), end: at(5), exclude: [overlapping, hole] }),
        whole - (yield* count({ start: at(15), end: at(8) }))
      )
      assert.strictEqual(yield* count({ start: at(20), end: at(5), exclude: [{ start: at(99), end: at(0) }] }), 0)
      assert.strictEqual(yield* count({ start: at(200), end: at(150) }), 0)
      assert.strictEqual(yield* count({}), yield* count({ start: at(90.1) }))
    })
  )

  it.effect("grows with time", () =>
    Effect.gen(function* () {
      const { ueba } = yield* start()
      const before = (yield* ueba.countConnections({})).count
      yield* TestClock.adjust("1 day")
      assert.isAbove((yield* ueba.countConnections({})).count, before)
    })
  )
})

describe("datasets", () => {
  it.effect("are created, listed, changed and deleted", () =>
    Effect.gen(function* () {
      const { month, ueba } = yield* start()
      const { id } = yield* ueba.createDataset({ ...month, comment: "a month" })
      const { count, items } = yield* ueba.listDatasets()
      assert.deepStrictEqual([count, items[0]?.id, items[0]?.comment], [1, id, "a month"])
      yield* ueba.updateDataset(id, { ...month, comment: "another" })
      assert.strictEqual((yield* ueba.getDataset(id)).comment, "another")
      yield* ueba.deleteDataset(id)
      assert.strictEqual(yield* refusal(ueba.getDataset(id)), "404 Resource not found")
      assert.strictEqual(yield* refusal(ueba.deleteDataset(id)), "404 Resource not found")
    })
  )

  it.effect("have ids that follow from the seed", () =>
    Effect.gen(function* () {
      const ids = Effect.fnUntraced(function* (seed: number) {
        const { month, ueba } = yield* start({ seed })
        return yield* Effect.replicateEffect(ueba.createDataset(month), 2)
      })
      assert.deepStrictEqual(yield* ids(3), yield* ids(3))
      const [first, second] = yield* ids(3)
      assert.notStrictEqual(first?.id, second?.id)
    })
  )

  it.effect("need a range that starts before it ends", () =>
    Effect.gen(function* () {
      const { ueba } = yield* start()
      const time_range_settings = TimeRange.between("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z")
      assert.match(yield* refusal(ueba.createDataset({ time_range_settings })), /^400 .*before it ends/)
    })
  )
})

describe("a training", () => {
  const trained = Effect.fnUntraced(function* (options: Options<readonly []> = {}) {
    const started = yield* start({ trainingDuration: "10 minutes", ...options })
    yield* started.simulator.ueba.runScript
    const { id } = yield* started.ueba.createDataset(started.month)
    const state = (of = id) => Effect.map(started.ueba.getDataset(of), Dataset.trainingState)
    return { ...started, id, state }
  })

  it.effect("takes its time, and ends with figures", () =>
    Effect.gen(function* () {
      const { id, state, ueba, month } = yield* trained()
      assert.strictEqual(yield* state(), "untrained")
      const { count } = yield* ueba.trainDataset(id)
      assert.strictEqual(count, (yield* ueba.countConnections(month.time_range_settings)).count)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* state(), "training")
      const half = yield* ueba.getDataset(id)
      assert.lengthOf(half.training_results[0]?.training_dataset_loss ?? [], 15)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* state(), "trained")
      const { last_training, training_results } = yield* ueba.getDataset(id, { logs: true, binCount: 7 })
      assert.strictEqual(last_training && DateTime.formatIso(last_training), "2026-06-01T00:10:00.000Z")
      for (const result of training_results) {
        assert.lengthOf(result.training_dataset_loss, 30)
        assert.isBelow(result.training_dataset_loss.at(-1) ?? 9, result.training_dataset_loss[0] ?? 0)
        assert.lengthOf(result.validation_dataset_histogram?.hist ?? [], 7)
        assert.lengthOf(result.validation_dataset_histogram?.bin_edges ?? [], 8)
        assert.include(result.training_log, "epoch 30")
      }
      assert.isUndefined((yield* ueba.getDataset(id)).training_results[0]?.training_log)
    })
  )

  it.effect("is the same for the same seed", () =>
    Effect.gen(function* () {
      const results = Effect.fnUntraced(function* () {
        const { id, ueba } = yield* trained({ trainingDuration: 0 })
        yield* ueba.trainDataset(id)
        return (yield* ueba.getDataset(id)).training_results
      })
      assert.deepStrictEqual(yield* results(), yield* results())
    })
  )

  it.effect("passes faster at a higher speed, and at once when the time is moved on", () =>
    Effect.gen(function* () {
      const { id, simulator, state, ueba } = yield* trained({ speed: 60 })
      yield* ueba.trainDataset(id)
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(yield* state(), "training")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* state(), "trained")
      yield* ueba.trainDataset(id)
      yield* simulator.ueba.advance("10 minutes")
      assert.strictEqual(yield* state(), "trained")
    })
  )

  it.effect("needs a service that runs, and enough connections, and only one at a time", () =>
    Effect.gen(function* () {
      const { month, ueba } = yield* start()
      const { id } = yield* ueba.createDataset(month)
      assert.match(yield* refusal(ueba.trainDataset(id)), /^400 .*not running/)
      const running = yield* trained({ minimumConnections: 1_000_000 })
      assert.match(yield* refusal(running.ueba.trainDataset(running.id)), /needs 1000000/)
      const twice = yield* trained()
      yield* twice.ueba.trainDataset(twice.id)
      assert.match(yield* refusal(twice.ueba.trainDataset(twice.id)), /a training is running/)
      assert.match(yield* refusal(twice.ueba.deleteDataset(twice.id)), /in training/)
      assert.strictEqual((yield* twice.ueba.internalStatus).training_status, "TRAINING")
    })
  )

  it.effect("can fail, and succeed the next time", () =>
    Effect.gen(function* () {
      const { id, simulator, state, ueba } = yield* trained({ trainingFailures: 1, trainingDuration: 0 })
      yield* ueba.trainDataset(id, { setActiveAfterTraining: true })
      assert.strictEqual(yield* state(), "failed")
      assert.isFalse((yield* ueba.getDataset(id)).is_active)
      assert.match(yield* refusal(ueba.startAnalyzing(id)), /failed/)
      yield* ueba.trainDataset(id)
      assert.strictEqual(yield* state(), "trained")
      yield* simulator.ueba.failTrainings(Infinity)
      yield* ueba.trainDataset(id)
      assert.strictEqual(yield* state(), "failed")
    })
  )

  it.effect("is lost when the range of the dataset changes, and kept when only the comment does", () =>
    Effect.gen(function* () {
      const { id, month, state, ueba } = yield* trained({ trainingDuration: 0 })
      yield* ueba.trainDataset(id)
      yield* ueba.updateDataset(id, { ...month, comment: "c" })
      assert.strictEqual(yield* state(), "trained")
      yield* ueba.updateDataset(id, {
        time_range_settings: TimeRange.between("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z")
      })
      assert.strictEqual(yield* state(), "untrained")
    })
  )

  it.effect("makes its dataset active if it was asked to, in either of two ways", () =>
    Effect.gen(function* () {
      const { id, month, ueba } = yield* trained()
      yield* ueba.trainDataset(id, { setActiveAfterTraining: true })
      assert.isFalse((yield* ueba.getDataset(id)).is_active)
      yield* TestClock.adjust("10 minutes")
      assert.isTrue((yield* ueba.getDataset(id)).is_active)
      const other = yield* ueba.createDataset({ ...month, use_for_inference_once_trained: true })
      yield* ueba.trainDataset(other.id)
      yield* TestClock.adjust("10 minutes")
      const { items } = yield* ueba.listDatasets()
      assert.deepStrictEqual(
        items.filter((dataset) => dataset.is_active).map((dataset) => dataset.id),
        [other.id]
      )
    })
  )
})

describe("the active dataset", () => {
  it.effect("is trained, refuses change, and must be stopped before another one starts", () =>
    Effect.gen(function* () {
      const { month, simulator, ueba } = yield* start({ trainingDuration: 0, stopDuration: "2 minutes" })
      yield* simulator.ueba.runScript
      const { id } = yield* ueba.createDataset(month)
      const other = yield* ueba.createDataset(month)
      assert.match(yield* refusal(ueba.startAnalyzing(id)), /^400 .*not been trained/)
      yield* ueba.trainDataset(id)
      yield* ueba.trainDataset(other.id)
      yield* ueba.startAnalyzing(id)
      yield* ueba.startAnalyzing(id)
      const status = yield* ueba.internalStatus
      assert.strictEqual(status.dataset_id, id)
      assert.strictEqual(status.inference_status, "RUNNING")
      assert.lengthOf(status.instances, 2)
      assert.match(yield* refusal(ueba.updateDataset(id, month)), /neither updated nor deleted/)
      assert.match(yield* refusal(ueba.deleteDataset(id)), /neither updated nor deleted/)
      assert.match(yield* refusal(ueba.startAnalyzing(other.id)), /stop it first/)
      yield* ueba.stopAnalyzing
      assert.strictEqual((yield* ueba.internalStatus).inference_status, "STOPPING")
      assert.match(yield* refusal(ueba.startAnalyzing(other.id)), /still stopping/)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* ueba.internalStatus).inference_status, "STOPPED")
      yield* ueba.startAnalyzing(other.id)
      assert.isTrue((yield* ueba.getDataset(other.id)).is_active)
      yield* ueba.deleteDataset(id)
    })
  )

  it.effect("shows its models under the name of an older server", () =>
    Effect.gen(function* () {
      const { month, simulator, ueba } = yield* start({ trainingDuration: 0, instancesField: "model_instance_status" })
      yield* simulator.ueba.runScript
      const { id } = yield* ueba.createDataset(month)
      yield* ueba.trainDataset(id, { setActiveAfterTraining: true })
      assert.lengthOf((yield* ueba.internalStatus).instances, 2)
    })
  )
})
