/**
 * The Ed25519 key that signs attestations: a given one, or one of the data folder's own, made when it is first needed.
 *
 * ```
 * keys/attestation.pem       private, PKCS #8, 0600
 * keys/attestation.pub.pem   public, SubjectPublicKeyInfo
 * ```
 */
import * as Failure from "@privx-kit/core/Failure"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/http/DurableFile"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"

/** A file that should hold a key holds none that can be used. Nothing was signed. */
export class KeyUnusable extends Failure.rendered<{ readonly path: string; readonly detail: string }>({
  message: (self) => `The key in ${self.path} cannot be used: ${self.detail}.`,
  hint: () => "Give an Ed25519 key in PEM without a passphrase: openssl genpkey -algorithm ed25519 -out FILE"
})(
  Schema.TaggedError<KeyUnusable, { readonly hint: string }>()("KeyUnusable", {
    path: Schema.String,
    detail: Schema.String
  })
) {}

export interface SigningKey {
  readonly id: string
  /** PEM. */
  readonly publicKey: string
  readonly sign: (bytes: Uint8Array) => Uint8Array
}

/** A key that was given for this process; without one, the data folder's own signs. */
export const Given = Context.Reference<SigningKey | undefined>("privx-kit/SigningKey/Given", {
  defaultValue: () => undefined
})

/** SHA-256 of the public key (SubjectPublicKeyInfo, DER), 64 lower-case hexadecimal digits. */
export const idOf = (key: crypto.KeyObject): string =>
  crypto.hash("sha256", crypto.createPublicKey(pem(key)).export({ type: "spki", format: "der" }), "hex")

const pem = (key: crypto.KeyObject): string =>
  (key.type === "private" ? crypto.createPublicKey(key) : key).export({ type: "spki", format: "pem" }).toString()

const make = (key: crypto.KeyObject): SigningKey => ({
  id: idOf(key),
  publicKey: pem(key),
  sign: (bytes) => crypto.sign(null, bytes, key)
})

/** Reads a private key. */
export const load = Effect.fn("SigningKey.load")(function* (
  file: string
): Effect.fn.Return<SigningKey, StorageFailed | KeyUnusable> {
  const text = yield* Effect.tryPromise({ try: () => fs.readFile(file), catch: fromSystem(file) })
  return make(yield* parse(file, () => crypto.createPrivateKey(text)))
})

/** Reads a public key. */
export const loadPublic = Effect.fn("SigningKey.loadPublic")(function* (
  file: string
): Effect.fn.Return<crypto.KeyObject, StorageFailed | KeyUnusable> {
  const text = yield* Effect.tryPromise({ try: () => fs.readFile(file), catch: fromSystem(file) })
  return yield* parse(file, () => crypto.createPublicKey(text))
})

const parse = (file: string, read: () => crypto.KeyObject): Effect.Effect<crypto.KeyObject, KeyUnusable> =>
  Effect.try({
    try: read,
    // What the library says may quote the file.
    catch: () => new KeyUnusable({ path: file, detail: "it is no PEM key, or it has a passphrase" })
  }).pipe(
    Effect.filterOrFail(
      (key) => key.asymmetricKeyType === "ed25519",
      (key) => new KeyUnusable({ path: file, detail: `it is a key for ${key.asymmetricKeyType}, not Ed25519` })
    )
  )

const privateFile = (folder: string): string => path.join(folder, "keys", "attestation.pem")

export const publicFile = (folder: string): string => path.join(folder, "keys", "attestation.pub.pem")

/** The key of the data folder, for its holder. A key that others could have read signs nothing. */
export const own = Effect.fn("SigningKey.own")(function* (folder: string): Effect.fn.Return<SigningKey, StorageFailed> {
  const file = privateFile(folder)
  const mode = yield* Effect.tryPromise({ try: () => fs.stat(file), catch: fromSystem(file) }).pipe(
    Effect.map((stat): number | undefined => stat.mode & 0o777),
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )
  if (mode === undefined) yield* create(folder)
  else if ((mode & 0o077) !== 0) {
    return yield* new StorageFailed({
      path: file,
      reason: "damaged",
      detail: `others may read this key (mode ${mode.toString(8)}); remove it, and a new one is made`
    })
  }
  const key = yield* load(file).pipe(
    Effect.catchTag("KeyUnusable", ({ detail }) =>
      Effect.fail(new StorageFailed({ path: file, reason: "damaged", detail }))
    )
  )
  // Again each time: a process may have died between the two.
  if (mode === undefined) return key
  yield* DurableFile.write(publicFile(folder), Buffer.from(key.publicKey), { owner: "key", mode: 0o644 })
  return key
})

const create = Effect.fnUntraced(function* (folder: string) {
  const { privateKey } = crypto.generateKeyPairSync("ed25519")
  const file = privateFile(folder)
  yield* DurableFile.makeFolder(path.dirname(file))
  const text = privateKey.export({ type: "pkcs8", format: "pem" })
  yield* DurableFile.write(file, Buffer.from(text), { owner: "key" })
  yield* DurableFile.write(publicFile(folder), Buffer.from(pem(privateKey)), { owner: "key", mode: 0o644 })
})
