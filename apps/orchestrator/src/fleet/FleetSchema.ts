/**
 * The schema of a fleet file. The published JSON Schema is generated from it, so that an editor and `privx-kit fleet
 * apply` report the same problems. `FleetFile` checks the parts in combination.
 */
import { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Content } from "../bootstrap/BootstrapSchema.ts"
import { closed } from "../setup/JsonSchemas.ts"
import { pattern, positive, setupFileFields, text } from "../setup/SetupFileFields.ts"

const time = (description: string) =>
  pattern(/^\d+(\.\d+)?\s*(ms|s|min|m|h)$/u, "a time like 500ms, 30s, 2m or 1h", description)

/** A name that can be part of a file path and that is not a template. */
const name = (description: string) =>
  pattern(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/u,
    "1 to 63 letters, digits, dots, dashes or underlines that begin with a letter or digit",
    description
  )

const Labels = Schema.Record(Schema.String, Schema.String).annotate({
  description: "What hosts can be selected by, with --label NAME=VALUE",
  expected: "names with texts"
})

const bootstrap = Struct.pick(Content.fields, [
  "address",
  "trust_anchors_file",
  "dataset",
  "min_connections",
  "few_connections",
  "wait_limit",
  "interval",
  "until"
])

/** The fields of a bootstrap file in addition to those of the setup. */
export const BootstrapSettings = Schema.Struct(bootstrap).annotate({
  description:
    "With job: bootstrap, what a bootstrap file says; {name} in address and name of the dataset for the host's name",
  expected: "a map"
})

export type BootstrapSettings = typeof BootstrapSettings.Type

// Two hosts hardly ever have the same script.
const { sha256, ...ofAll } = setupFileFields

/** Fields for a single host or for all hosts. */
const settings = {
  ca_file: Schema.optionalKey(
    Schema.Union([Schema.String, Schema.Array(Schema.String)]).annotate({
      description: "PEM file (or several) with CA certificates to trust in addition to the system's",
      expected: "a file or a list of files"
    })
  ),
  credentials: Schema.optionalKey(CredentialsReference),
  insecure_http: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "Send credentials over plain http, even to another machine",
      expected: "true or false"
    })
  ),
  timeout: Schema.optionalKey(time("How long one attempt may take; default 30s")),
  deadline: Schema.optionalKey(time("How long a call may take with all its retries; default 2m")),
  labels: Schema.optionalKey(Labels),
  ...ofAll,
  output: Schema.optionalKey(text("Directory for the script and its manifest; {name} for the host's name")),
  bootstrap: Schema.optionalKey(BootstrapSettings)
}

export const Defaults = Schema.Struct(settings).annotate({
  description: "Settings for all hosts that do not set their own"
})

export type Defaults = typeof Defaults.Type

export const Host = Schema.Struct({
  name: name("Name of the host in this fleet"),
  base_url: text("Where PrivX is, e.g. https://privx.example.com"),
  sha256,
  ...settings
})

export type Host = typeof Host.Type

export const FleetSchedule = Schema.Struct({
  cron: text("When the fleet is applied: minute hour day month weekday, optionally preceded by seconds"),
  time_zone: Schema.optionalKey(text("Time zone of the expression, e.g. Europe/Helsinki; default that of the machine")),
  make_up: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "Run one round at the start if rounds were missed while no process was running; default false",
      expected: "true or false"
    })
  )
}).annotate({ description: "When fleet watch applies the fleet" })

/** Without the parts that are decoded separately. */
export const Top = Schema.Struct({
  version: Schema.Literal(1).annotate({ description: "Of this format", expected: "1" }),
  name: name("Name of the fleet: its runs are found by it"),
  job: Schema.optionalKey(
    Schema.Literals(["setup", "bootstrap"]).annotate({
      description:
        "What is executed on each host: the setup of UEBA (default), or its bootstrap, from scratch to an active model",
      expected: "setup or bootstrap"
    })
  ),
  concurrency: Schema.optionalKey(positive("Number of hosts that are set up at the same time; default 8")),
  schedule: Schema.optionalKey(FleetSchedule),
  max_age: Schema.optionalKey(
    pattern(
      /^\d+(\.\d+)?\s*(ms|s|min|m|h|d)$/u,
      "a time like 12h or 7d",
      "A host whose last good run is older has drifted; default: age does not matter"
    )
  )
})

const FleetDocument = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  ...Top.fields,
  defaults: Schema.optionalKey(Defaults),
  hosts: Schema.Array(Host).check(Schema.isMinLength(1))
}).annotate({ title: "Fleet of privx-kit", description: "PrivX hosts that are set up together" })

export const schemaId = "urn:privx-kit:fleet:v1"

export const jsonSchema = (): Schema.Json => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(FleetDocument)
  const document: Schema.Json = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: schemaId,
    // A round trip, because the document is not typed as JSON.
    ...JSON.parse(JSON.stringify({ ...schema, $defs: definitions }))
  }
  return closed(document)
}
