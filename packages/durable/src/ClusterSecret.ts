/**
 * The secret by which the processes of a cluster authenticate each other: 32 random bytes in the database that they share.
 * A process that can read the secret has the password of the database and can change every run anyway, so the secret grants
 * nothing more.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { randomBytes } from "node:crypto"
import { Database } from "./Database.ts"

/**
 * In bytes: the length of the hash of the cipher suites.
 *
 * @since 0.1.0
 * @category constants
 */
export const length = 32

/**
 * Reads the secret of the cluster from the database. The first process that reads it creates it.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import * as ClusterSecret from "@privx-kit/durable/ClusterSecret"
 *
 * export const secret = ClusterSecret.load
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const load: Effect.Effect<
  Redacted.Redacted<Uint8Array>,
  StorageFailed,
  SqlClient.SqlClient | Database
> = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const database = yield* Database
  const fresh = Redacted.make(new Uint8Array(randomBytes(length)))
  const secret = yield* Effect.gen(function* () {
    yield* sql`
      INSERT INTO cluster_secret (id, secret) VALUES (1, ${Redacted.value(fresh)}) ON CONFLICT (id) DO NOTHING`
    const [row] = yield* sql<{ secret: Uint8Array }>`SELECT secret FROM cluster_secret WHERE id = 1`
    return row?.secret
  }).pipe(Effect.mapError(database.failure))
  if (secret?.byteLength !== length) {
    return yield* Effect.die(new Error(`the secret of the cluster in ${database.name} does not have ${length} bytes`))
  }
  return Redacted.make(secret)
}).pipe(Effect.withSpan("ClusterSecret.load"))
