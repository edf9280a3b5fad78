/**
 * A detached signature of the script, and the public key that verifies it. The format of the key selects one of two
 * kinds:
 *
 * - **minisign**: Ed25519, over the script itself or over its BLAKE2b-512; the trusted
 *   comment is verified too. Format: <https://jedisct1.github.io/minisign/>
 * - **cosign** `sign-blob --key`, `openssl dgst -sha256 -sign`: ECDSA on P-256 over SHA-256, a PEM public key, and the
 *   signature in DER as base64
 *
 * No key is fetched, and no certificate or transparency log is checked: only the given key is trusted.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { createHash, createPublicKey, type KeyObject, verify as verifySignature } from "node:crypto"

const Texts = Schema.Struct({
  /** The content of the signature file. */
  signature: Schema.String,
  /** The content of the public key file; for minisign, the line `RW…` alone is sufficient. */
  publicKey: Schema.String
})

/**
 * Does not decode if a text is malformed or the two are of different kinds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DetachedSignature = Texts.check(
  Schema.makeFilter((texts) => {
    const parsed = parse(texts)
    return Result.isFailure(parsed) ? parsed.failure : undefined
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export interface DetachedSignature extends Schema.Schema.Type<typeof DetachedSignature> {}

/**
 * Verifies the signature of the bytes with the key.
 *
 * **When to use**: for a signature outside a verification. A policy with `signature` verifies it in the check of that
 * name.
 *
 * **Details**: the format of the key selects minisign or cosign. The result is a short text: which key made the
 * signature, or what is wrong with it.
 *
 * **Errors**: none are thrown. The `Result` fails if key or signature is malformed, if another key made the signature,
 * or if it is a signature of other bytes.
 *
 * @example
 * ```ts
 * import * as DetachedSignature from "@privx-kit/ueba/DetachedSignature"
 * import * as Result from "effect/Result"
 *
 * export const isSigned = (script: Uint8Array, signature: string, publicKey: string): boolean =>
 *   Result.isSuccess(DetachedSignature.verify(script, { signature, publicKey }))
 * ```
 *
 * @since 0.1.0
 * @category verification
 */
export const verify = (bytes: Uint8Array, texts: DetachedSignature): Result.Result<string, string> =>
  Result.flatMap(parse(texts), (parsed) =>
    parsed.kind === "minisign" ? verifyMinisign(bytes, parsed) : verifyCosign(bytes, parsed)
  )

type Parsed = Minisign | Cosign

interface Minisign {
  readonly kind: "minisign"
  readonly key: KeyObject
  readonly prehashed: boolean
  readonly keyId: string
  readonly signerId: string
  readonly signature: Buffer
  readonly trustedComment: string
  readonly globalSignature: Buffer
}

interface Cosign {
  readonly kind: "cosign"
  readonly key: KeyObject
  readonly signature: Buffer
}

function parse({ publicKey, signature }: typeof Texts.Type): Result.Result<Parsed, string> {
  return publicKey.includes("-----BEGIN ") ? parseCosign(publicKey, signature) : parseMinisign(publicKey, signature)
}

const parseMinisign = (publicKey: string, signature: string): Result.Result<Minisign, string> => {
  const keyLine = linesOf(publicKey).find((line) => !line.startsWith("untrusted comment:"))
  const keyBytes = decodeBase64(keyLine ?? "")
  if (keyBytes?.length !== 42 || keyBytes.toString("latin1", 0, 2) !== "Ed") {
    return Result.fail("the public key is neither a minisign key (RW…) nor PEM")
  }
  const [first, signatureLine, comment, globalLine] = linesOf(signature)
  const bytes = decodeBase64(signatureLine ?? "")
  const globalSignature = decodeBase64(globalLine ?? "")
  const algorithm = bytes?.toString("latin1", 0, 2)
  if (
    first?.startsWith("untrusted comment:") !== true ||
    bytes?.length !== 74 ||
    (algorithm !== "Ed" && algorithm !== "ED") ||
    comment?.startsWith(trusted) !== true ||
    globalSignature?.length !== 64
  ) {
    return Result.fail("the signature is not a minisign signature, which has four lines, two of them comments")
  }
  return Result.succeed({
    kind: "minisign",
    key: createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: keyBytes.subarray(10).toString("base64url") },
      format: "jwk"
    }),
    prehashed: algorithm === "ED",
    keyId: idOf(keyBytes),
    signerId: idOf(bytes),
    signature: bytes.subarray(10),
    trustedComment: comment.slice(trusted.length),
    globalSignature
  })
}

const trusted = "trusted comment: "

/** In the format of minisign: the eight bytes as a number, lowest byte first. */
const idOf = (bytes: Buffer): string => bytes.readBigUInt64LE(2).toString(16).toUpperCase().padStart(16, "0")

const verifyMinisign = (bytes: Uint8Array, parsed: Minisign): Result.Result<string, string> => {
  const { globalSignature, key, keyId, prehashed, signature, signerId, trustedComment } = parsed
  if (signerId !== keyId) return Result.fail(`made with the minisign key ${signerId}; the given key is ${keyId}`)
  const message = prehashed ? createHash("blake2b512").update(bytes).digest() : bytes
  if (!verifySignature(null, message, key, signature)) {
    return Result.fail(`not a signature of this script by the minisign key ${keyId}`)
  }
  if (!verifySignature(null, Buffer.concat([signature, Buffer.from(trustedComment)]), key, globalSignature)) {
    return Result.fail("the trusted comment of the signature was changed")
  }
  return Result.succeed(`minisign key ${keyId}, trusted comment: ${trustedComment}`)
}

const parseCosign = (publicKey: string, signature: string): Result.Result<Cosign, string> => {
  // Node would accept a private key as well, which does not belong here.
  if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(publicKey)) return Result.fail("the public key is not a PEM public key")
  let key: KeyObject
  try {
    key = createPublicKey(publicKey)
  } catch {
    return Result.fail("the public key is not a PEM public key")
  }
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    return Result.fail(`the public key has the type ${key.asymmetricKeyType ?? "unknown"}; ECDSA on P-256 is required`)
  }
  const bytes = decodeBase64(signature.replace(/\s+/g, ""))
  // A sequence: the signature in DER.
  if (bytes === undefined || bytes[0] !== 0x30) return Result.fail("the signature is not base64 of a DER signature")
  return Result.succeed({ kind: "cosign", key, signature: bytes })
}

const verifyCosign = (bytes: Uint8Array, { key, signature }: Cosign): Result.Result<string, string> => {
  const fingerprint = createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")
  return verifySignature("sha256", bytes, key, signature)
    ? Result.succeed(`ECDSA key with the SHA-256 ${fingerprint}`)
    : Result.fail(`not a signature of this script by the ECDSA key with the SHA-256 ${fingerprint}`)
}

const linesOf = (text: string): ReadonlyArray<string> => text.split(/\r?\n/).filter((line) => line !== "")

/** Strict, unlike `Buffer.from`, which accepts any text. */
const decodeBase64 = (text: string): Buffer | undefined =>
  text !== "" && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined
