/**
 * The manifest of a run: what was downloaded, from which server, the findings of the verification, and where the script
 * was delivered. Each run has one. An attestation signs it, and `privx-kit verify` compares files with it, offline and
 * long after the run.
 *
 * The shape is published as `schemas/manifest.schema.json`. Fields may be added to version 1; existing fields never
 * change their meaning.
 *
 * @since 0.1.0
 */
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { Requirement } from "@privx-kit/ueba/VerificationPolicy"
import { RunId } from "@privx-kit/core/RunId"
import * as StrictJson from "@privx-kit/core/StrictJson"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { UebaConfiguration } from "@privx-kit/ueba/RecordedConfiguration"
import { Digest256, Source } from "./Source.ts"

/**
 * Identifies the format, in the JSON Schema and as the predicate type of the attestation.
 *
 * @since 0.1.0
 * @category constants
 */
export const type = "urn:privx-kit:ueba-setup:v1"

const Time = Schema.DateTimeUtcFromString.annotate({ description: "ISO 8601, UTC" })
const Digest512 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{128}$/u))
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Operator = Schema.Struct({
  name: Schema.String.annotate({ description: "The value of --operator, or the account" }),
  account: Schema.String.annotate({ description: "Account of the operating system that ran privx-kit" }),
  host: Schema.String
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Owner = Schema.Struct({ uid: Count, gid: Count, name: Schema.String })

const Mode = Schema.String.check(Schema.isPattern(/^0[0-7]{3}$/u))

/**
 * Deliveries and executions of the script. An execution includes its outcome.
 *
 * @since 0.1.0
 * @category schemas
 */
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
    number: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)).annotate({
      description: "Counts the executions of the run, from 1"
    }),
    startedAt: Time,
    endedAt: Schema.NullOr(Time).annotate({ description: "null: it is unknown whether it ended" }),
    exitCode: Schema.NullOr(Count),
    signal: Schema.NullOr(Schema.String),
    timedOut: Schema.Boolean,
    interrupted: Schema.optionalKey(Schema.Boolean).annotate({
      description: "Whether privx-kit was stopped and terminated the script"
    }),
    notStarted: Schema.optionalKey(Schema.String).annotate({ description: "Why the script was not started" }),
    log: Schema.String.annotate({ description: "File with the output of the script" })
  })
])

/**
 * @since 0.1.0
 * @category models
 */
export type HandOver = typeof HandOver.Type

/**
 * How the script compared with the reference of its PrivX host, and who approved it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Review = Schema.Struct({
  change: Schema.Literals(["new", "unchanged", "changed"]),
  reference: Schema.NullOr(
    Schema.Struct({ sha256: Digest256, basis: Schema.Literals(["baseline", "approved"]) })
  ).annotate({
    description:
      "The reference script of this PrivX host: the baseline, which was trusted on first use, or the script that a person approved"
  }),
  required: Schema.Boolean.annotate({ description: "Whether the run required an approval" }),
  decision: Schema.NullOr(
    Schema.Struct({ approved: Schema.Boolean, by: Schema.String, at: Time, comment: Schema.NullOr(Schema.String) })
  )
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Manifest = Schema.Struct({
  version: Schema.Literal(1).annotate({ description: "Version of this format" }),
  runId: RunId,
  target: Schema.String.annotate({ description: "Base URL of the PrivX host that served the script" }),
  kit: Schema.Struct({ name: Schema.String, version: Schema.String }),
  operator: Operator,
  downloadedAt: Time,
  issuedAt: Time.annotate({ description: "When this manifest was written" }),
  source: Schema.NullOr(Source),
  script: Schema.Struct({
    sha256: Digest256,
    sha512: Digest512,
    bytes: Count,
    contentType: Schema.NullOr(Schema.String).annotate({ description: "Content-Type as sent" }),
    announcedLength: Schema.NullOr(Schema.Union([Count, Schema.Literal("unknown")])).annotate({
      description:
        'Content-Length as sent; "unknown" if only the end of the connection delimited the body; null for chunked encoding'
    })
  }),
  expected: Schema.Struct({
    sha256: Schema.optionalKey(Digest256),
    minBytes: Schema.optionalKey(Count),
    maxBytes: Schema.optionalKey(Count),
    checks: Schema.Record(Schema.String, Requirement).annotate({
      description: "The requirement of every check, by the id of the check"
    }),
    // Open, so that the policy of another version can be read: it is only used to repeat the checks.
    policy: Schema.Json.annotate({ description: "The given policy; null if none was given" }),
    configuration: Schema.optionalKey(UebaConfiguration).annotate({
      description:
        "The UEBA configuration that PrivX reported after the download, or why it did not; absent if it was not requested, " +
        "for example because the policy contains it"
    })
  }).annotate({ description: "The requirements for the script" }),
  verification: VerificationReport,
  review: Schema.NullOr(Review),
  handedOver: Schema.Array(HandOver)
}).annotate({ title: "Manifest of a UEBA setup run of privx-kit", description: type })

/**
 * @since 0.1.0
 * @category models
 */
export type Manifest = typeof Manifest.Type

const json = Schema.toCodecJson(Manifest)

/**
 * Encodes a manifest to JSON.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 *
 * export const json = (manifest: Manifest.Manifest) => Manifest.encode(manifest)
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode: (manifest: Manifest) => Schema.Json = Schema.encodeSync(json)

/**
 * Decodes the JSON of a manifest. Fields of a newer version are dropped; {@link parse} keeps them.
 *
 * **Errors**: `SchemaError` if it is no manifest that this version supports.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 *
 * export const manifest = Manifest.decode(JSON.parse("{}"))
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = Schema.decodeUnknownEffect(json)

/**
 * A manifest as JSON, and decoded by this version.
 *
 * @since 0.1.0
 * @category models
 */
export interface Document {
  /** The complete JSON, including fields of a newer version. */
  readonly json: Schema.Json
  readonly manifest: Manifest
}

/**
 * Makes a document of a manifest that this version wrote.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 *
 * export const document = (manifest: Manifest.Manifest) => Manifest.toDocument(manifest)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const toDocument = (manifest: Manifest): Document => ({ json: encode(manifest), manifest })

/**
 * Parses and decodes a manifest, and keeps the complete JSON.
 *
 * **Details**: a JSON object with a name twice is refused: two readers could understand it differently.
 *
 * **Errors**: the rest of a sentence that starts with the manifest.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 * import * as Effect from "effect/Effect"
 *
 * export const target = (text: string) => Effect.map(Manifest.parse(text), ({ manifest }) => manifest.target)
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = Effect.fnUntraced(function* (text: string | Uint8Array): Effect.fn.Return<Document, string> {
  const parsed = yield* Effect.fromResult(StrictJson.parse(text))
  const manifest = yield* Effect.mapError(
    decode(parsed),
    ({ message }) => `is not a manifest that this privx-kit supports: ${message}`
  )
  return { json: parsed, manifest }
})

/**
 * Adds a delivery or execution to a manifest. Fields of a newer version are kept.
 *
 * **Details**: an execution replaces the one with the same number, whose end was not known yet.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 * import * as DateTime from "effect/DateTime"
 *
 * export const shown = (document: Manifest.Document, now: DateTime.Utc) =>
 *   Manifest.handedOver(document, { to: "stdout", at: now }, now)
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const handedOver = ({ json, manifest }: Document, handOver: HandOver, issuedAt: DateTime.Utc): Document => {
  const others = manifest.handedOver.filter(
    (known) => !(known.to === "execution" && handOver.to === "execution" && known.number === handOver.number)
  )
  const amended = toDocument({ ...manifest, issuedAt, handedOver: [...others, handOver] })
  return isObject(json) && isObject(amended.json)
    ? {
        json: { ...json, issuedAt: amended.json["issuedAt"] ?? null, handedOver: amended.json["handedOver"] ?? null },
        manifest: amended.manifest
      }
    : amended
}

const isObject = (json: Schema.Json): json is Schema.JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/**
 * Formats an encoded manifest for a file.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 *
 * export const bytes = (manifest: Manifest.Manifest) => Manifest.render(Manifest.encode(manifest))
 * ```
 *
 * @since 0.1.0
 * @category encoding
 */
export const render = (encoded: Schema.Json): Buffer => Buffer.from(`${JSON.stringify(encoded, null, 2)}\n`)

/**
 * Returns the JSON Schema of manifests, which the package `privx-kit` publishes.
 *
 * @example
 * ```ts
 * import * as Manifest from "@privx-kit/artifacts/Manifest"
 *
 * export const text = JSON.stringify(Manifest.jsonSchema())
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const jsonSchema = (): Schema.Json => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(Manifest)
  // A JSON round trip, because the document is not typed as JSON.
  return JSON.parse(
    JSON.stringify({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: type,
      ...schema,
      $defs: definitions
    })
  )
}
