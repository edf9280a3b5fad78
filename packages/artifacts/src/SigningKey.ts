/**
 * The Ed25519 key that signs attestations: a given key, or the data directory's own, created when it is first needed.
 *
 * ```
 * keys/attestation.pem       private, PKCS #8, 0600
 * keys/attestation.pub.pem   public, SubjectPublicKeyInfo
 * ```
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DataDirectoryAccess from "@privx-kit/durable/DataDirectoryAccess"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"

/**
 * A key file contains no usable key. Nothing was signed.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeyUnusable extends Failure.Class<KeyUnusable>()(
  "KeyUnusable",
  {
    path: Schema.String,
    detail: Schema.String
  },
  {
    message: (self) => `The key in ${self.path} cannot be used: ${self.detail}.`,
    hint: "Use an Ed25519 key in PEM format without a passphrase. To create one, run: openssl genpkey -algorithm ed25519 -out FILE"
  }
) {}

/**
 * @since 0.1.0
 * @category models
 */
export interface SigningKey {
  readonly id: string
  /** PEM. */
  readonly publicKey: string
  readonly sign: (bytes: Uint8Array) => Uint8Array
}

/**
 * The key that was given to this process; without one, the data directory's own key signs.
 *
 * @since 0.1.0
 * @category references
 */
export const Given = Context.Reference<SigningKey | undefined>("privx-kit/SigningKey/Given", {
  defaultValue: () => undefined
})

/**
 * Returns the id of a key: the SHA-256 of its public part (SubjectPublicKeyInfo, DER).
 *
 * @example
 * ```ts
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 * import { createPublicKey } from "node:crypto"
 *
 * export const id = (pem: string): string => SigningKey.idOf(createPublicKey(pem))
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const idOf = (key: crypto.KeyObject): string =>
  crypto.hash("sha256", crypto.createPublicKey(pem(key)).export({ type: "spki", format: "der" }), "hex")

const pem = (key: crypto.KeyObject): string =>
  (key.type === "private" ? crypto.createPublicKey(key) : key).export({ type: "spki", format: "pem" }).toString()

const make = (key: crypto.KeyObject): SigningKey => ({
  id: idOf(key),
  publicKey: pem(key),
  sign: (bytes) => crypto.sign(null, bytes, key)
})

/** In bytes. A PEM key has a few hundred. */
const largest = 64 * 1024

/** A user who can write a key file decides who signs, and which signatures count. */
const readKey = (file: string) => BoundedFile.read(file, { maxBytes: largest, exclusive: true })

/**
 * Loads a private key, an Ed25519 key in PEM without a passphrase.
 *
 * **Errors**: `StorageFailed` if the file cannot be read, or another user can change it; `KeyUnusable` if it is another kind
 * of key.
 *
 * @example
 * ```ts
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 *
 * export const key = SigningKey.load("/etc/privx-kit/signing-key.pem")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = Effect.fn("SigningKey.load")(function* (
  file: string
): Effect.fn.Return<SigningKey, StorageFailed | KeyUnusable> {
  const text = yield* readKey(file)
  return make(yield* parse(file, () => crypto.createPrivateKey(text)))
})

/**
 * Loads a public key, an Ed25519 key in PEM.
 *
 * **Errors**: as of {@link load}.
 *
 * @example
 * ```ts
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 *
 * export const key = SigningKey.loadPublic("/etc/privx-kit/attestation.pub.pem")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const loadPublic = Effect.fn("SigningKey.loadPublic")(function* (
  file: string
): Effect.fn.Return<crypto.KeyObject, StorageFailed | KeyUnusable> {
  const text = yield* readKey(file)
  return yield* parse(file, () => crypto.createPublicKey(text))
})

const parse = (file: string, read: () => crypto.KeyObject): Effect.Effect<crypto.KeyObject, KeyUnusable> =>
  Effect.try({
    try: read,
    // The message of the library may quote the file.
    catch: () => new KeyUnusable({ path: file, detail: "it is not a PEM key, or it has a passphrase" })
  }).pipe(
    Effect.filterOrFail(
      (key) => key.asymmetricKeyType === "ed25519",
      (key) => new KeyUnusable({ path: file, detail: `it is a key for ${key.asymmetricKeyType}, not Ed25519` })
    )
  )

const privateFile = (directory: string): string => path.join(directory, "keys", "attestation.pem")

/**
 * Returns the path of the public key of a data directory.
 *
 * @example
 * ```ts
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 *
 * export const file = SigningKey.publicFile("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const publicFile = (directory: string): string => path.join(directory, "keys", "attestation.pub.pem")

/**
 * Loads the public key of a data directory; `undefined` if it has none yet.
 *
 * **Errors**: as of {@link load}.
 *
 * @example
 * ```ts
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 *
 * export const key = SigningKey.ownPublic("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const ownPublic = Effect.fn("SigningKey.ownPublic")(function* (
  dataDirectory: string
): Effect.fn.Return<crypto.KeyObject | undefined, StorageFailed | KeyUnusable> {
  yield* DataDirectoryAccess.check(dataDirectory)
  return yield* loadPublic(publicFile(dataDirectory)).pipe(
    Effect.catchIf(
      (failure) => failure._tag === "StorageFailed" && failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )
})

/**
 * Loads the key of a data directory, and creates it if it has none.
 *
 * **Errors**: `StorageFailed` if it cannot be read or written.
 *
 * @example
 * ```ts
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 *
 * export const key = SigningKey.own("/var/lib/privx-kit")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const own = Effect.fn("SigningKey.own")(function* (
  directory: string
): Effect.fn.Return<SigningKey, StorageFailed> {
  const file = privateFile(directory)
  const mode = yield* Effect.tryPromise({ try: () => fs.stat(file), catch: fromSystem(file) }).pipe(
    Effect.map((stat): number | undefined => stat.mode & 0o777),
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )
  if (mode === undefined) yield* create(directory)
  else if ((mode & 0o077) !== 0) {
    return yield* new StorageFailed({
      path: file,
      reason: "damaged",
      detail: `other users can read this key (mode ${mode.toString(8)}); remove it, and the next run creates a new one`
    })
  }
  const key = yield* load(file).pipe(
    Effect.catchTag("KeyUnusable", ({ detail }) =>
      Effect.fail(new StorageFailed({ path: file, reason: "damaged", detail }))
    )
  )
  // Written each time, because a process may have died between the two writes.
  if (mode === undefined) return key
  yield* DurableFile.write(publicFile(directory), Buffer.from(key.publicKey), { owner: "key", mode: 0o644 })
  return key
})

const create = Effect.fnUntraced(function* (directory: string) {
  const { privateKey } = crypto.generateKeyPairSync("ed25519")
  const file = privateFile(directory)
  yield* DurableFile.makeDirectory(path.dirname(file))
  const text = privateKey.export({ type: "pkcs8", format: "pem" })
  yield* DurableFile.write(file, Buffer.from(text), { owner: "key" })
  yield* DurableFile.write(publicFile(directory), Buffer.from(pem(privateKey)), { owner: "key", mode: 0o644 })
})
