import { assert, describe, it } from "@effect/vitest"
import { Dataset, TimeRange, TrainingResult } from "@privx-kit/ueba"
import * as Schema from "effect/Schema"

const result = (status: string, error_code?: string): TrainingResult.TrainingResult => ({
  feature_config_name: "f",
  status,
  training_dataset_loss: [],
  validation_dataset_loss: [],
  ...(error_code === undefined ? undefined : { error_code })
})

describe("the state of a training", () => {
  it.each([
    { results: [], state: "untrained" },
    { results: [result("TRAINING")], state: "training" },
    { results: [result("READY"), result("TRAINING")], state: "training" },
    { results: [result("FAILED"), result("training")], state: "training" },
    { results: [result("READY"), result("FAILED")], state: "failed" },
    { results: [result("READY", "OUT_OF_MEMORY")], state: "failed" },
    { results: [result("TRAINING", "OUT_OF_MEMORY")], state: "failed" },
    { results: [result("Training error")], state: "failed" },
    { results: [result("READY"), result("TRAINED")], state: "trained" },
    { results: [result("IN_PROGRESS")], state: "training" },
    { results: [result("QUEUED")], state: "training" },
    { results: [result("")], state: "training" }
  ])("$state: $results.0.status $results.1.status", ({ results, state }) => {
    assert.strictEqual(Dataset.trainingState({ training_results: results }), state)
  })
})

describe("a range of time", () => {
  const decode = Schema.decodeUnknownSync(TimeRange.ReportedTimeRange)
  const sent = {
    ...TimeRange.between("2026-01-01T00:00:00.900Z", "2026-04-01T00:00:00Z"),
    exclude: [
      Schema.decodeUnknownSync(TimeRange.Excluded)({ start: "2026-02-01T00:00:00Z", end: "2026-02-02T00:00:00Z" }),
      Schema.decodeUnknownSync(TimeRange.Excluded)({ start: "2026-03-01T00:00:00Z", end: "2026-03-02T00:00:00Z" })
    ]
  }

  it("is the same when a server stores whole seconds and sorts the holes as it likes", () => {
    const reported = decode({
      start: "2026-01-01T00:00:00Z",
      end: "2026-04-01T02:00:00+02:00",
      exclude: [
        { start: "2026-03-01T00:00:00Z", end: "2026-03-02T00:00:00Z" },
        { start: "2026-02-01T00:00:00Z", end: "2026-02-02T00:00:00Z" }
      ]
    })
    assert.isTrue(TimeRange.isSame(sent, reported))
    assert.isFalse(TimeRange.isSame(sent, { ...reported, exclude: [] }))
    assert.isFalse(TimeRange.isSame({}, reported))
    assert.isTrue(TimeRange.isSame({}, decode({ exclude: null })))
  })
})
