/**
 * The attestation of a manifest: an in-toto statement (v1) about the script, whose predicate is the manifest, in a
 * signed DSSE envelope. The signature covers the payload byte for byte, so nothing depends on the formatting of JSON.
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

const decodeEnvelope = Schema.decodeUnknownEffect(Envelope)
const decodeStatement = Schema.decodeUnknownEffect(Statement)

/** The envelope as one line of JSON, the format of attestation files (`.intoto.jsonl`). */
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

/** Parses a file with one envelope. Fails with a text that says what is wrong. */
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

/** Whether a parsed manifest equals that of the statement, including fields that this version does not know. */
export const isAbout = ({ predicate }: Statement, document: Schema.Json): boolean =>
  isDeepStrictEqual(predicate, document)

/** Whether one of the signatures was made with the key. */
export const isSignedBy = (envelope: Envelope, key: crypto.KeyObject): boolean => {
  const signed = dsse.preAuthEncoding(envelope.payloadType, Buffer.from(envelope.payload))
  return envelope.signatures.some(({ sig }) => crypto.verify(null, signed, key, sig))
}
