/**
 * The manifest of a run: what was downloaded, from whom, what was found when it was checked, and where it went. Each run
 * has one; it is what an attestation signs, and what `privx-kit verify` holds a file against, a year later and offline.
 *
 * The shape is published as `schemas/manifest.schema.json`. Fields may be added to version 1; nothing in it changes its
 * meaning.
 */
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { Requirement } from "@privx-kit/ueba/VerificationPolicy"
import * as Schema from "effect/Schema"
import { UebaConfiguration } from "../UebaConfiguration.ts"
import { Digest256, Source } from "./Source.ts"

/** Names the shape, in the JSON Schema and as the type of the attestation's predicate. */
export const type = "urn:privx-kit:ueba-setup:v1"

const Time = Schema.DateTimeUtcFromString.annotate({ description: "ISO 8601, UTC" })
const Digest512 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{128}$/))
const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const Operator = Schema.Struct({
  name: Schema.String.annotate({ description: "As given with --operator, or the account" }),
  account: Schema.String.annotate({ description: "Account of the operating system that ran privx-kit" }),
  host: Schema.String
})

export const Owner = Schema.Struct({ uid: Schema.Int, gid: Schema.Int, name: Schema.String })

const Mode = Schema.String.check(Schema.isPattern(/^0[0-7]{3}$/))

/** What became of the script. Executions come with what they ended in. */
export const HandOver = Schema.Union([
  Schema.Struct({
    to: Schema.Literal("file"),
    at: Time,
    path: Schema.String,
    mode: Mode,
    owner: Schema.NullOr(Owner).annotate({ description: "null: the account that ran privx-kit" })
  }),
  Schema.Struct({ to: Schema.Literal("stdout"), at: Time }),
  Schema.Struct({
    to: Schema.Literal("execution"),
    number: Schema.Int.annotate({ description: "Counts the executions of the run, from 1" }),
    startedAt: Time,
    endedAt: Schema.NullOr(Time).annotate({ description: "null: it is not known that it ended" }),
    exitCode: Schema.NullOr(Schema.Int),
    signal: Schema.NullOr(Schema.String),
    timedOut: Schema.Boolean,
    interrupted: Schema.optionalKey(Schema.Boolean).annotate({
      description: "Whether privx-kit was stopped, and ended the script first"
    }),
    notStarted: Schema.optionalKey(Schema.String).annotate({ description: "Why nothing of it was run" }),
    log: Schema.String.annotate({ description: "File with what the script printed" })
  })
])

export type HandOver = typeof HandOver.Type

/** How the script stood to the last one that was approved for its PrivX, and who approved this one. */
export const Review = Schema.Struct({
  change: Schema.Literals(["new", "unchanged", "changed"]),
  approved: Schema.NullOr(Digest256).annotate({
    description: "The last approved script of this PrivX before this one"
  }),
  required: Schema.Boolean.annotate({ description: "Whether the run had to wait for an approval" }),
  decision: Schema.NullOr(
    Schema.Struct({ approved: Schema.Boolean, by: Schema.String, at: Time, comment: Schema.NullOr(Schema.String) })
  )
})

export const Manifest = Schema.Struct({
  version: Schema.Literal(1).annotate({ description: "Of this format" }),
  runId: Schema.String,
  target: Schema.String.annotate({ description: "Base URL of the PrivX that the script came from" }),
  kit: Schema.Struct({ name: Schema.String, version: Schema.String }),
  operator: Operator,
  downloadedAt: Time,
  issuedAt: Time.annotate({ description: "When this manifest was written" }),
  source: Schema.NullOr(Source),
  script: Schema.Struct({
    sha256: Digest256,
    sha512: Digest512,
    bytes: Bytes,
    contentType: Schema.NullOr(Schema.String).annotate({ description: "Content-Type as sent" }),
    announcedLength: Schema.NullOr(Bytes).annotate({ description: "Content-Length, where the server sent one" })
  }),
  expected: Schema.Struct({
    sha256: Schema.optionalKey(Digest256),
    minBytes: Schema.optionalKey(Bytes),
    maxBytes: Schema.optionalKey(Bytes),
    checks: Schema.Record(Schema.String, Requirement).annotate({
      description: "Check → what was demanded, for every check that there was"
    }),
    // Open, so that the policy of another version is still read: nothing depends on it but repeating the checks.
    policy: Schema.NullOr(Schema.Json).annotate({ description: "The policy that was given; null: none was" }),
    configuration: Schema.optionalKey(UebaConfiguration).annotate({
      description:
        "The UEBA configuration as PrivX told it after the download, or why it did not; not there where it was not asked, " +
        "as with a policy that has one"
    })
  }).annotate({ description: "What the script was held to" }),
  verification: VerificationReport,
  review: Schema.NullOr(Review),
  handedOver: Schema.Array(HandOver)
}).annotate({ title: "Manifest of a UEBA set-up run of privx-kit", description: type })

export type Manifest = typeof Manifest.Type

const json = Schema.toCodecJson(Manifest)

export const encode: (manifest: Manifest) => Schema.Json = Schema.encodeSync(json)

export const decode = Schema.decodeUnknownEffect(json)

/** An encoded one as it is written to a file. */
export const render = (encoded: Schema.Json): Buffer => Buffer.from(`${JSON.stringify(encoded, null, 2)}\n`)

/** The JSON Schema that is published with the package. */
export const jsonSchema = (): Schema.Json => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(Manifest)
  // A round trip, because the document is not typed as JSON.
  return JSON.parse(
    JSON.stringify({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: type,
      ...schema,
      $defs: definitions
    })
  )
}
