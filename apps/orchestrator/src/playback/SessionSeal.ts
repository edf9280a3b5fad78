/**
 * Seals the ids of playback sessions, which are secrets, for the record of runs: AES-256-GCM with a key in the database.
 * A process that can read the key has the database, and can start and change every run anyway. Data derived from the
 * record (lists, responses of the server, journals, support bundles) contains no id.
 *
 * The same id of the same host has the same sealed text, so a session that is already kept alive is found by its inputs.
 */
import { PlaybackSessionId } from "@privx-kit/core/SessionId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { Database } from "@privx-kit/durable/Database"
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto"

/** A sealed id that was written with another key, or was changed. */
const broken = new InvalidInput({
  detail: "the session id of the run was sealed with the key of another database; submit the session again"
})

const algorithm = "aes-256-gcm"

/** In bytes. */
const length = { key: 32, nonce: 12, tag: 16 }

/** Reads the key. The first process that reads it creates it. */
const load: Effect.Effect<Redacted.Redacted<Keys>, StorageFailed, SqlClient.SqlClient | Database> = Effect.gen(
  function* () {
    const sql = yield* SqlClient.SqlClient
    const database = yield* Database
    const fresh = new Uint8Array(randomBytes(length.key))
    const secret = yield* Effect.gen(function* () {
      yield* sql`INSERT INTO playback_key (id, secret) VALUES (1, ${fresh}) ON CONFLICT (id) DO NOTHING`
      const [row] = yield* sql<{ secret: Uint8Array }>`SELECT secret FROM playback_key WHERE id = 1`
      return row?.secret
    }).pipe(Effect.mapError(database.failure))
    if (secret?.byteLength !== length.key) {
      return yield* Effect.die(new Error(`the key for playback sessions in ${database.name} is damaged`))
    }
    return Redacted.make({ seal: derived(secret, "seal"), nonce: derived(secret, "nonce") }, { label: "playback key" })
  }
)

interface Keys {
  readonly seal: Buffer
  readonly nonce: Buffer
}

const derived = (secret: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", `privx-kit playback session ${purpose}`, length.key))

/** @param target the PrivX host of the session; the sealed text cannot be opened for another host */
export const seal = Effect.fn("SessionSeal.seal")(function* (target: string, id: PlaybackSessionId) {
  const keys = Redacted.value(yield* load)
  const text = Redacted.value(id)
  // The nonce is derived from the plain text, so it repeats only with the same text.
  const nonce = createHmac("sha256", keys.nonce).update(`${target}\0${text}`).digest().subarray(0, length.nonce)
  const cipher = createCipheriv(algorithm, keys.seal, nonce).setAAD(Buffer.from(target))
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()])
  return sealed.toString("base64url")
})

export const open = Effect.fn("SessionSeal.open")(function* (target: string, sealed: string) {
  const keys = Redacted.value(yield* load)
  const bytes = Buffer.from(sealed, "base64url")
  const text = yield* Effect.try({
    try: () => {
      const decipher = createDecipheriv(algorithm, keys.seal, bytes.subarray(0, length.nonce))
        .setAAD(Buffer.from(target))
        .setAuthTag(bytes.subarray(-length.tag))
      return Buffer.concat([decipher.update(bytes.subarray(length.nonce, -length.tag)), decipher.final()]).toString()
    },
    catch: () => broken
  })
  return yield* Effect.mapError(decode(text), () => broken)
})

const decode = Schema.decodeEffect(PlaybackSessionId)
