/**
 * The attestation of a manifest: an in-toto statement (v1) about the script, whose predicate is the manifest, in a
 * signed DSSE envelope. The signature covers the payload byte for byte, so nothing depends on the formatting of JSON.
 *
 * @since 0.1.0
 */
import * as StrictJson from "@privx-kit/core/StrictJson"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import { dsse } from "@sigstore/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import * as Manifest from "./Manifest.ts"
import type { SigningKey } from "./SigningKey.ts"

const payloadType = "application/vnd.in-toto+json"
const statementType = "https://in-toto.io/Statement/v1"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Statement = Schema.Struct({
  _type: Schema.Literal(statementType),
  subject: Schema.Array(Schema.Struct({ name: Schema.String, digest: Schema.Record(Schema.String, Schema.String) })),
  predicateType: Schema.String,
  predicate: Schema.Json
})

/**
 * @since 0.1.0
 * @category models
 */
export type Statement = typeof Statement.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Envelope = Schema.Struct({
  payloadType: Schema.String,
  payload: Schema.Uint8ArrayFromBase64,
  signatures: Schema.Array(
    Schema.Struct({ keyid: Schema.optionalKey(Schema.String), sig: Schema.Uint8ArrayFromBase64 })
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export type Envelope = typeof Envelope.Type

const decodeEnvelope = Schema.decodeUnknownEffect(Envelope)
const decodeStatement = Schema.decodeUnknownEffect(Statement)

/**
 * Signs the statement about a manifest, and returns the envelope as one line of JSON.
 *
 * **Details**: the signature covers the payload byte for byte (DSSE, pre-authentication encoding).
 *
 * **Source**: in-toto Attestation Framework v1; DSSE v1.
 *
 * @example
 * ```ts
 * import * as Attestation from "@privx-kit/artifacts/Attestation"
 * import type { Document } from "@privx-kit/artifacts/Manifest"
 * import type { SigningKey } from "@privx-kit/artifacts/SigningKey"
 *
 * export const line = (manifest: Document, key: SigningKey): string => Attestation.sign(manifest, key)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const sign = ({ json: predicate, manifest }: Manifest.Document, key: SigningKey): string => {
  const { sha256, sha512 } = manifest.script
  const statement: Statement = {
    _type: statementType,
    subject: [{ name: scriptName, digest: { sha256, sha512 } }],
    predicateType: Manifest.type,
    predicate
  }
  const payload = Buffer.from(JSON.stringify(statement))
  const sig = Buffer.from(key.sign(dsse.preAuthEncoding(payloadType, payload)))
  // Only the bytes need encoding. A manifest is large, and the codecs would traverse all of it again.
  const envelope: typeof Envelope.Encoded = {
    payloadType,
    payload: payload.toString("base64"),
    signatures: [{ keyid: key.id, sig: sig.toString("base64") }]
  }
  return `${JSON.stringify(envelope)}\n`
}

/**
 * Parses a file with one envelope, and the statement in it.
 *
 * **Gotchas**: nothing is verified. Ask {@link isSignedBy} and {@link isAbout} before you believe it.
 *
 * **Errors**: a text that says what is wrong.
 *
 * @example
 * ```ts
 * import * as Attestation from "@privx-kit/artifacts/Attestation"
 * import * as Effect from "effect/Effect"
 *
 * export const subject = (text: string) => Effect.map(Attestation.read(text), ({ statement }) => statement.subject)
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const read = Effect.fnUntraced(function* (
  text: string
): Effect.fn.Return<{ readonly envelope: Envelope; readonly statement: Statement }, string> {
  const [line = "", ...others] = text.trimEnd().split("\n")
  // A second envelope would remain unchecked, and another program could use that one.
  if (others.length > 0) return yield* Effect.fail(`it has ${others.length + 1} lines instead of one`)
  const envelope = yield* parsed(line).pipe(
    Effect.flatMap((json) => Effect.mapError(decodeEnvelope(json), () => "is not a DSSE envelope")),
    Effect.mapError((problem) => `it ${problem}`)
  )
  if (envelope.payloadType !== payloadType) {
    return yield* Effect.fail(`its payload is ${envelope.payloadType}, not an in-toto statement`)
  }
  const statement = yield* parsed(envelope.payload).pipe(
    Effect.flatMap((json) => Effect.mapError(decodeStatement(json), () => "is not an in-toto statement (v1)")),
    Effect.mapError((problem) => `its payload ${problem}`)
  )
  if (statement.predicateType !== Manifest.type) {
    return yield* Effect.fail(`its predicate is ${statement.predicateType}, not ${Manifest.type}`)
  }
  return { envelope, statement }
})

const parsed = (source: string | Uint8Array) => Effect.fromResult(StrictJson.parse(source))

/**
 * Returns whether a parsed manifest equals that of the statement, including fields that this version does not know.
 *
 * @example
 * ```ts
 * import * as Attestation from "@privx-kit/artifacts/Attestation"
 * import type { Document } from "@privx-kit/artifacts/Manifest"
 *
 * export const fits = (statement: Attestation.Statement, { json }: Document): boolean => Attestation.isAbout(statement, json)
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAbout = ({ predicate }: Statement, document: Schema.Json): boolean =>
  isDeepStrictEqual(predicate, document)

/**
 * Returns whether one of the signatures was made with the key.
 *
 * @example
 * ```ts
 * import * as Attestation from "@privx-kit/artifacts/Attestation"
 * import { createPublicKey } from "node:crypto"
 *
 * export const signed = (envelope: Attestation.Envelope, pem: string): boolean =>
 *   Attestation.isSignedBy(envelope, createPublicKey(pem))
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSignedBy = (envelope: Envelope, key: crypto.KeyObject): boolean => {
  const signed = dsse.preAuthEncoding(envelope.payloadType, Buffer.from(envelope.payload))
  return envelope.signatures.some(({ sig }) => crypto.verify(null, signed, key, sig))
}
