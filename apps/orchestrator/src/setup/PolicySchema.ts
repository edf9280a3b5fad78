/**
 * The schema of a policy file. The published `policy.schema.json` is generated from it, so that an editor and `privx-kit`
 * report the same problems. `VerificationPolicy` defines the meaning of the file.
 */
import { CapabilityRule, CapabilityRules, Patterns, RuleName } from "@privx-kit/ueba/CapabilityRules"
import * as Checks from "@privx-kit/ueba/Checks"
import { CheckRequirements, VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Schema from "effect/Schema"
import { closed } from "./JsonSchemas.ts"

const text = (description: string) => Schema.NonEmptyString.annotate({ description, expected: "a text" })

export const Content = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  checks: Schema.optionalKey(CheckRequirements.annotate({ expected: "a table of checks" })),
  write_places: VerificationPolicy.to.fields.writePlaces,
  capabilities: Schema.optionalKey(CapabilityRules.annotate({ expected: "a table of rules" })),
  pin_file: Schema.optionalKey(text("File with the SHA-256 of each known script, one a line as sha256sum prints it")),
  signature: Schema.optionalKey(
    Schema.Struct({
      file: text("File with the detached signature of the script: minisign, or cosign with a key"),
      public_key_file: text("File with the public key that must have made the signature")
    }).annotate({ description: "The signature that the script must have", expected: "a table" })
  ),
  configuration: Schema.optionalKey(
    Schema.Struct({
      address: text("The address that the script must carry"),
      trust_anchors_file: text("PEM file with the certificates that the script must carry")
    }).annotate({ description: "What the script must carry, instead of what PrivX says", expected: "a table" })
  )
}).annotate({
  title: "Verification policy of privx-kit",
  description: "What an administrator expects of a setup script"
})

export const schemaId = "urn:privx-kit:policy:v1"

const levels = ["demanded", "required", "warned", "off"]

/** The published JSON Schema. Names are listed as properties, so that an editor completes and explains them. */
export const jsonSchema = (): Schema.Json => {
  const { description, properties, title } = plain(Content)
  const object = (description: string, properties: Readonly<Record<string, unknown>>) => ({
    type: "object",
    description,
    properties,
    additionalProperties: false
  })
  const document = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: schemaId,
    title,
    description,
    type: "object",
    properties: {
      ...properties,
      checks: object(
        "Check and level; a check that is left out keeps its own level",
        Object.fromEntries(
          Checks.all.map(({ documentation, name, requirement, title }) => [
            name,
            { enum: levels, default: requirement, title, description: documentation }
          ])
        )
      ),
      capabilities: object(
        "What scripts may do; a kind without a rule follows the rule others (default: allowed)",
        Object.fromEntries(RuleName.literals.map((name) => [name, { $ref: "#/$defs/rule" }]))
      )
    },
    additionalProperties: false,
    $defs: { rule: rule() }
  }
  return closed(JSON.parse(JSON.stringify(document)))
}

/** Explanations for editors that are more helpful than the schema of the values. */
const rule = () => {
  const { description } = plain(CapabilityRule)
  const subjects = plain(Patterns)
  return {
    description,
    anyOf: [
      { enum: ["allowed", "forbidden"] },
      { type: "object", properties: { allowed: subjects, forbidden: subjects }, additionalProperties: false }
    ]
  }
}

/** A round trip, because the document is not typed as JSON. */
const plain = (schema: Schema.Constraint): { readonly properties?: object; readonly [keyword: string]: unknown } =>
  JSON.parse(JSON.stringify(Schema.toJsonSchemaDocument(schema).schema))
