/**
 * The logins of this user, in one file for each server that only the user can read. Only one process changes them at a
 * time, so that a refresh token, which may be valid for one use only, is used once.
 */
import { isBusy } from "@privx-kit/durable/SqliteCodes"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import { fromSqlite } from "@privx-kit/durable/SqliteFailure"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as UserDirectories from "@privx-kit/settings/UserDirectories"
import type { Host } from "@privx-kit/settings/Settings"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import * as path from "node:path"

const Content = Schema.Struct({
  server: Schema.String,
  issuer: Schema.String,
  clientId: Schema.String,
  /** The audience of access tokens at the issuer; `null` if the issuer determines it. */
  resource: Schema.NullOr(Schema.String),
  accessToken: Schema.RedactedFromValue(Schema.String, { label: "access token" }),
  /** In milliseconds since 1970. */
  expiresAt: Schema.Number,
  refreshToken: Schema.NullOr(Schema.RedactedFromValue(Schema.String, { label: "refresh token" }))
})

export type Login = typeof Content.Type

const FileText = Schema.fromJsonString(Schema.toCodecJson(Content))
const decode = Schema.decodeUnknownEffect(FileText)
const encode = Schema.encodeSync(FileText)

/** In bytes. An access token has some kilobytes. */
const largest = 256 * 1024

const directoryOf = ({ environment, home }: Host): string =>
  path.join(UserDirectories.stateDirectory(environment, home), "logins")

/** @param server scheme, host and port */
export const fileOf = (server: string, host: Host): string =>
  path.join(directoryOf(host), `${server.replaceAll(/[^\w.-]+/g, "_")}.json`)

/** The login of a server; `undefined` if there is none. */
export const read = Effect.fnUntraced(function* (
  server: string,
  host: Host
): Effect.fn.Return<Login | undefined, StorageFailed> {
  const file = fileOf(server, host)
  const text = yield* BoundedFile.read(file, { maxBytes: largest, exclusive: true }).pipe(
    Effect.map((bytes) => bytes.toString("utf8")),
    Effect.catchIf(
      ({ reason }) => reason === "missing",
      () => Effect.succeed(undefined)
    )
  )
  if (text === undefined) return undefined
  const login = yield* Effect.mapError(
    decode(text),
    () => new StorageFailed({ path: file, reason: "damaged", detail: "it is not a login of privx-kit" })
  )
  return login.server === server ? login : undefined
})

export const write = Effect.fnUntraced(function* (login: Login, host: Host): Effect.fn.Return<void, StorageFailed> {
  yield* DurableFile.makeDirectory(directoryOf(host))
  yield* DurableFile.write(fileOf(login.server, host), Buffer.from(encode(login)), { owner: String(process.pid) })
})

export const remove = (server: string, host: Host): Effect.Effect<void, StorageFailed> => {
  const file = fileOf(server, host)
  return Effect.tryPromise({ try: () => fs.rm(file, { force: true }), catch: fromSystem(file) })
}

/** A process that renews a login completes within this time. */
const patience = "45 seconds"

/**
 * Locks the logins until the scope closes. The system releases the lock if the process dies; `DataDirectory` explains how
 * SQLite locks.
 */
export const lock = Effect.fnUntraced(function* (host: Host): Effect.fn.Return<void, StorageFailed, Scope.Scope> {
  const directory = directoryOf(host)
  yield* DurableFile.makeDirectory(directory)
  const file = path.join(directory, "lock.sqlite")
  yield* Effect.tryPromise({
    try: () =>
      fs.open(file, "wx", 0o600).then(
        (handle) => handle.close(),
        (error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? undefined : Promise.reject(error))
      ),
    catch: fromSystem(file)
  })
  const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"))
  const take = Effect.try({
    try: () => {
      const database = new DatabaseSync(file, { timeout: 0 })
      try {
        database.exec("BEGIN EXCLUSIVE")
        return database
      } catch (error) {
        database.close()
        throw error
      }
    },
    catch: (error) => error
  })
  yield* Effect.acquireRelease(
    take.pipe(
      Effect.retry({ schedule: Schedule.spaced("50 millis"), while: isBusy }),
      Effect.mapError(fromSqlite(file)),
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () =>
          Effect.fail(
            new StorageFailed({ path: file, reason: "other", detail: "another process has held its lock for too long" })
          )
      })
    ),
    (database) => Effect.sync(() => database.close()),
    { interruptible: true }
  )
})
