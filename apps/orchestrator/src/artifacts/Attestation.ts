/**
 * The attestation of a manifest: an in-toto statement (v1) about the script, whose predicate is the manifest, in a signed
 * DSSE envelope. What is signed is the envelope's payload byte for byte, so that nothing depends on how JSON is written.
 */
import { dsse } from "@sigstore/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import * as Manifest from "./Manifest.ts"
import type { SigningKey } from "./SigningKey.ts"

/** The name of the script in the statement and in the output folder. */
export const scriptName = "privx-ueba-setup.sh"

const payloadType = "application/vnd.in-toto+json"
const statementType = "https://in-toto.io/Statement/v1"

export const Statement = Schema.Struct({
  _type: Schema.Literal(statementType),
  subject: Schema.Array(Schema.Struct({ name: Schema.String, digest: Schema.Record(Schema.String, Schema.String) })),
  predicateType: Schema.String,
  predicate: Schema.Json
})

export type Statement = typeof Statement.Type

export const Envelope = Schema.Struct({
  payloadType: Schema.String,
  payload: Schema.Uint8ArrayFromBase64,
  signatures: Schema.Array(
    Schema.Struct({ keyid: Schema.optionalKey(Schema.String), sig: Schema.Uint8ArrayFromBase64 })
  )
})

export type Envelope = typeof Envelope.Type

const EnvelopeLine = Schema.fromJsonString(Envelope)
const StatementText = Schema.fromJsonString(Statement)

/**
 * The envelope as one line of JSON, as files of attestations have it (`.intoto.jsonl`).
 *
 * @param predicate the manifest, encoded
 */
export const sign = (manifest: Manifest.Manifest, predicate: Schema.Json, key: SigningKey): string => {
  const { sha256, sha512 } = manifest.script
  const statement: Statement = {
    _type: statementType,
    subject: [{ name: scriptName, digest: { sha256, sha512 } }],
    predicateType: Manifest.type,
    predicate
  }
  const payload = Buffer.from(JSON.stringify(statement))
  const sig = Buffer.from(key.sign(dsse.preAuthEncoding(payloadType, payload)))
  // Both shapes are their own JSON but for the bytes, and a manifest is large: the codecs would look at all of it again.
  const envelope: typeof Envelope.Encoded = {
    payloadType,
    payload: payload.toString("base64"),
    signatures: [{ keyid: key.id, sig: sig.toString("base64") }]
  }
  return `${JSON.stringify(envelope)}\n`
}

/** Reads the first envelope of a file of attestations. Fails with what is wrong with it. */
export const read = Effect.fnUntraced(function* (
  text: string
): Effect.fn.Return<{ readonly envelope: Envelope; readonly statement: Statement }, string> {
  const [line = ""] = text.split("\n", 1)
  const envelope = yield* Effect.mapError(
    Schema.decodeEffect(EnvelopeLine)(line),
    () => "it is no DSSE envelope in one line of JSON"
  )
  if (envelope.payloadType !== payloadType) {
    return yield* Effect.fail(`its payload is ${envelope.payloadType}, not an in-toto statement`)
  }
  const statement = yield* Effect.mapError(
    Schema.decodeEffect(StatementText)(Buffer.from(envelope.payload).toString("utf8")),
    () => "its payload is no in-toto statement (v1)"
  )
  if (statement.predicateType !== Manifest.type) {
    return yield* Effect.fail(`its predicate is ${statement.predicateType}, not ${Manifest.type}`)
  }
  return { envelope, statement }
})

/** Whether one of the signatures is by that key. */
export const isSignedBy = (envelope: Envelope, key: crypto.KeyObject): boolean => {
  const signed = dsse.preAuthEncoding(envelope.payloadType, Buffer.from(envelope.payload))
  return envelope.signatures.some(({ sig }) => crypto.verify(null, signed, key, sig))
}
