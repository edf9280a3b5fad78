/** The schema of a bootstrap file, from which the published JSON Schema is generated. */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { closed } from "../setup/JsonSchemas.ts"
import { pattern, positive, setupFileFields, text } from "../setup/SetupFileFields.ts"
import { Until } from "./BootstrapRun.ts"

const age = /^\d+(\.\d+)?\s*[mhdw]$/u
const date = /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2}))?$/u
const dateText = "a date like 2026-01-31, or an RFC 3339 time with its zone"

const time = (description: string) => pattern(date, dateText, `${description}; a date means its beginning in UTC`)

const duration = (description: string) =>
  pattern(/^\d+(\.\d+)?\s*(ms|s|min|m|h|d)$/u, "a time like 30s, 12h or 7d", description)

export const DatasetContent = Schema.Struct({
  name: Schema.optionalKey(
    text("Comment of the dataset; an existing dataset with this comment is reused; default privx-kit").check(
      Schema.isMaxLength(200)
    )
  ),
  start: Schema.optionalKey(
    Schema.Union([
      pattern(
        age,
        "an age like 90d",
        "An age, counted back from the start of the run; the dataset is then found by its name alone"
      ),
      time("Start of the range")
    ]).annotate({
      description: "Start of the range: an age or a time; default 90d",
      expected: `${dateText}, or an age`
    })
  ),
  end: Schema.optionalKey(time("End of the range; default: none")),
  exclude: Schema.optionalKey(
    Schema.Array(Schema.Struct({ start: time("Start"), end: time("End") })).annotate({
      description: "Ranges to leave out"
    })
  )
}).annotate({ description: "Which connections the models are trained with", expected: "a table" })

export const Content = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  address: Schema.optionalKey(text("Address of the UEBA host, HOST[:PORT]; default: the configured one")),
  trust_anchors_file: Schema.optionalKey(text("PEM file with the trust anchors; default: the configured ones")),
  ...Struct.omit(setupFileFields, ["min_bytes", "mode"]),
  dataset: Schema.optionalKey(DatasetContent),
  min_connections: Schema.optionalKey(positive("Minimum number of connections in the range; default 5000")),
  few_connections: Schema.optionalKey(
    Schema.Literals(["stop", "wait"]).annotate({
      description: "What to do if there are fewer connections; default stop",
      expected: "stop or wait"
    })
  ),
  wait_limit: Schema.optionalKey(duration("Time limit of each wait; default: no limit")),
  interval: Schema.optionalKey(duration("Time between two requests of a wait; default 15s")),
  until: Schema.optionalKey(
    Until.annotate({ description: "The last step; default: all of them", expected: Until.literals.join(", ") })
  )
}).annotate({ title: "Bootstrap of UEBA", description: "File for privx-kit ueba bootstrap --file" })

export type Content = typeof Content.Type

export const schemaId = "urn:privx-kit:bootstrap:v1"

export const jsonSchema = (): Schema.Json => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(Content)
  const document: Schema.Json = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: schemaId,
    // A round trip, because the document is not typed as JSON.
    ...JSON.parse(JSON.stringify({ ...schema, $defs: definitions }))
  }
  return closed(document)
}
