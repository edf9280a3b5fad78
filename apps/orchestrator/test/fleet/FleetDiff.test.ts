import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as FleetDiff from "../../src/fleet/FleetDiff.ts"
import type { RecordedPlan } from "../../src/fleet/FleetRecord.ts"

const host = (name: string, rest: Partial<RecordedPlan["hosts"][number]> = {}): RecordedPlan["hosts"][number] => ({
  name,
  target: `https://${name}.example.com`,
  labels: {},
  inputs: {},
  ...rest
})

const plan = (hosts: RecordedPlan["hosts"], rest: Partial<RecordedPlan> = {}): RecordedPlan => ({
  concurrency: 8,
  schedule: undefined,
  maxAge: undefined,
  hosts,
  ...rest
})

describe("the difference between two rounds of a fleet", () => {
  it("names hosts that one of them lacks, and the fields of those that differ", () => {
    const before = plan([
      host("gone"),
      host("same"),
      host("other", { labels: { site: "hel" }, inputs: { minBytes: 100 } })
    ])
    const after = plan([
      host("other", { labels: { site: "tre" }, inputs: { minBytes: 200, requireApproval: "always" } }),
      host("same"),
      host("new")
    ])
    assert.deepStrictEqual(FleetDiff.between(before, after), {
      fields: [],
      unchanged: 1,
      hosts: [
        {
          name: "other",
          change: "changed",
          fields: [
            { field: "labels.site", before: "hel", after: "tre" },
            { field: "inputs.minBytes", before: "100", after: "200" },
            { field: "inputs.requireApproval", before: null, after: "always" }
          ]
        },
        { name: "new", change: "added", fields: [] },
        { name: "gone", change: "removed", fields: [] }
      ]
    })
  })

  it("separates changes of the fleet from those of its hosts", () => {
    const schedule = { cron: "0 3 * * *", timeZone: "Europe/Helsinki", makeUp: false }
    const { fields, hosts } = FleetDiff.between(
      plan([host("a")], { maxAge: Duration.days(7) }),
      plan([host("a")], { concurrency: 4, schedule })
    )
    assert.deepStrictEqual(hosts, [])
    assert.deepStrictEqual(fields, [
      { field: "concurrency", before: "8", after: "4" },
      { field: "maxAge", before: "7d", after: null },
      { field: "schedule.cron", before: null, after: "0 3 * * *" },
      { field: "schedule.timeZone", before: null, after: "Europe/Helsinki" },
      { field: "schedule.makeUp", before: null, after: "false" }
    ])
  })

  it("shortens what is too long to compare by eye, and still says that it differs", () => {
    const long = (end: string) => plan([host("a", { labels: { text: `${"x".repeat(300)}${end}` } })])
    const { hosts } = FleetDiff.between(long("1"), long("2"))
    const [field] = hosts[0]?.fields ?? []
    assert.match(field?.before ?? "", /^SHA-256 [0-9a-f]{12} \(301 characters\)$/)
    assert.notStrictEqual(field?.before, field?.after)
  })
})
