/**
 * Round trips of every response with any content: encoding and decoding returns the same value, and every known field may
 * be missing.
 */
import { assert, describe, it } from "@effect/vitest"
import { AnomalySettings, Dataset, InternalStatus, ServiceStatus, UebaConfiguration } from "@privx-kit/ueba"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

const answers = [
  { name: "a configuration", schema: UebaConfiguration.UebaConfiguration },
  { name: "anomaly settings", schema: AnomalySettings.AnomalySettings },
  { name: "a dataset", schema: Dataset.Dataset },
  { name: "a list of datasets", schema: Dataset.DatasetList },
  { name: "a service status", schema: ServiceStatus.ServiceStatus },
  { name: "an internal status", schema: InternalStatus.InternalStatus }
] satisfies ReadonlyArray<{ readonly name: string; readonly schema: Schema.Codec<unknown, unknown> }>

/** Times in the range of RFC 3339, which a codec must support. */
const carriesTimes = (value: unknown): boolean =>
  DateTime.isDateTime(value)
    ? DateTime.getPartUtc(value, "year") > 1 && DateTime.getPartUtc(value, "year") <= 9999
    : typeof value === "object" && value !== null
      ? Object.values(value).every(carriesTimes)
      : true

/** Fields that are absent in the decoded value are encoded as absent, including an empty text. */
const hasEmptyText = (value: unknown): boolean =>
  value === "" || (typeof value === "object" && value !== null && Object.values(value).some(hasEmptyText))

describe.each(answers)("$name", ({ schema }) => {
  const codec: Schema.Codec<unknown, unknown> = schema
  const decode = Schema.decodeUnknownSync(codec)
  const encode = Schema.encodeSync(codec)

  it.prop("is read as it was written", [Schema.toType(codec)], ([value]) => {
    if (!carriesTimes(value) || hasEmptyText(value)) return
    const written = JSON.stringify(encode(value))
    assert.strictEqual(JSON.stringify(encode(decode(JSON.parse(written)))), written)
  })

  it("may be an empty object, and may have fields that no reference has", () => {
    assert.doesNotThrow(() => decode({}))
    assert.deepStrictEqual(decode({ added: { in: "2030" }, "also-this": [null] }), decode({}))
  })

  it("may have null in every field", () => {
    const fields = Object.keys(encode(decode({})) as object)
    const known = ["items", "instances", "training_results", "issues", "status_details", "address", "version", "id"]
    const nulls = Object.fromEntries([...fields, ...known].map((name) => [name, null]))
    assert.deepStrictEqual(decode(nulls), decode({}))
  })
})
