import { assert, describe, it } from "@effect/vitest"
import * as Cron from "effect/Cron"
import * as Result from "effect/Result"
import * as ScheduleTimes from "../../src/fleet/ScheduleTimes.ts"

const times = (text: string, zone: string, from: string, count: number): ReadonlyArray<string> => {
  const cron = Result.getOrThrow(Cron.parse(text, zone))
  const found: Array<string> = []
  for (let at = Date.parse(from); found.length < count;) {
    const next = ScheduleTimes.next({ cron, text }, at)
    if (next === undefined) return found
    found.push(new Date(next).toISOString().slice(5, 16))
    at = next
  }
  return found
}

describe("the times of a schedule", () => {
  it("come twice in a repeated hour where minute or hour begins with *", () => {
    assert.deepStrictEqual(times("*/30 * * * *", "Europe/Helsinki", "2026-10-24T23:45:00Z", 6), [
      "10-25T00:00",
      "10-25T00:30",
      "10-25T01:00",
      "10-25T01:30",
      "10-25T02:00",
      "10-25T02:30"
    ])
    assert.deepStrictEqual(times("*/30 3 * * *", "Europe/Helsinki", "2026-10-24T20:00:00Z", 5), [
      "10-25T00:00",
      "10-25T00:30",
      "10-25T01:00",
      "10-25T01:30",
      "10-26T01:00"
    ])
  })

  it("come once in a repeated hour where both are fixed", () => {
    assert.deepStrictEqual(times("15 3 * * *", "Europe/Helsinki", "2026-10-24T20:00:00Z", 2), [
      "10-25T00:15",
      "10-26T01:15"
    ])
  })

  it("have no gap in spring for *, and one round a day where they are fixed", () => {
    assert.deepStrictEqual(times("*/30 * * * *", "Europe/Helsinki", "2026-03-29T00:10:00Z", 4), [
      "03-29T00:30",
      "03-29T01:00",
      "03-29T01:30",
      "03-29T02:00"
    ])
    assert.deepStrictEqual(times("30 3 * * *", "Europe/Helsinki", "2026-03-28T12:00:00Z", 2), [
      "03-29T01:30",
      "03-30T00:30"
    ])
  })

  it("hold in zones whose clocks change by half an hour, or whose hours begin at other minutes", () => {
    assert.deepStrictEqual(times("*/20 * * * *", "Australia/Lord_Howe", "2026-04-04T14:30:00Z", 5), [
      "04-04T14:40",
      "04-04T15:10",
      "04-04T15:30",
      "04-04T15:50",
      "04-04T16:10"
    ])
    assert.deepStrictEqual(times("*/20 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z", 3), [
      "10-03T15:10",
      "10-03T15:40",
      "10-03T16:00"
    ])
    assert.deepStrictEqual(times("0 3 * * *", "Asia/Kathmandu", "2026-10-03T15:00:00Z", 1), ["10-03T21:15"])
  })

  it("are none where the date does not exist", () => {
    assert.deepStrictEqual(times("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1), [])
  })
})
