/**
 * The one connection of a process to its SQLite file. It commits together what many fibers write at about the same time,
 * because a commit costs far more than a statement.
 *
 * Invariants:
 * 1. A write succeeds only when it is committed.
 * 2. A read sees only committed data.
 * 3. A write that fails changes nothing, and does not fail the other writes of its group.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import { type Connection, open, type PreparedStatement } from "./SqliteConnection.ts"

/**
 * The one connection of a process to its SQLite file, which commits the writes of many fibers together.
 *
 * **Errors**: `SqlError` of the work that fails. Other work of the same group is not affected.
 *
 * @example
 * ```ts
 * import { GroupCommit } from "@privx-kit/durable/GroupCommit"
 *
 * export const written = GroupCommit.use((database) =>
 *   database.write(() => database.prepare("INSERT INTO notes (text) VALUES (?)").execute(["hello"]))
 * )
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class GroupCommit extends Context.Service<
  GroupCommit,
  {
    readonly connection: Connection
    /** Prepares a statement, or returns it from the cache. */
    readonly prepare: (sql: string) => PreparedStatement
    /**
     * Executes the work in the next transaction, together with the work of others. When this succeeds, the work is committed;
     * when it fails, the work is rolled back. The work may be called again if other work made the transaction fail, so it
     * must change nothing but the database.
     */
    readonly write: <A>(work: () => A) => Effect.Effect<A, SqlError>
    /** Reads while no transaction is open, and so sees only committed data. */
    readonly read: <A>(work: () => A) => Effect.Effect<A, SqlError>
    /** Gives the connection exclusively, for a transaction that takes a while. */
    readonly alone: Semaphore.Semaphore
  }
>()("privx-kit/GroupCommit") {
  /** For the process that has locked the data directory. */
  static readonly layer = (file: string): Layer.Layer<GroupCommit> =>
    Layer.effect(
      GroupCommit,
      Effect.tap(opened(file), ({ prepare }) => Effect.sync(() => prepare("PRAGMA journal_mode = WAL").execute()))
    )

  /** For a process that has not locked the data directory: it does not change the file's journal mode. */
  static readonly layerBeside = (file: string, options: { readonly readOnly: boolean }): Layer.Layer<GroupCommit> =>
    Layer.effect(GroupCommit, opened(file, options))
}

/** Throws if the file cannot be opened. */
const opened = (file: string, options?: { readonly readOnly: boolean }) =>
  Effect.acquireRelease(
    Effect.sync(() => open(file, options)),
    (connection) => Effect.sync(connection.close)
  ).pipe(Effect.map(make))

/**
 * Returns the failure of a statement, in the form of every SQL client of Effect.
 *
 * @example
 * ```ts
 * import * as GroupCommit from "@privx-kit/durable/GroupCommit"
 *
 * export const failure = GroupCommit.failureOf(new Error("database is locked"), "execute statement")
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export const failureOf = (cause: unknown, operation: string): SqlError =>
  new SqlError({ reason: classifySqliteError(withErrno(cause), { message: `Failed to ${operation}`, operation }) })

/** `node:sqlite` has `errcode` where other clients have `errno`. */
const withErrno = (cause: unknown): unknown =>
  cause instanceof Error && "errcode" in cause && !("errno" in cause) && typeof cause.errcode === "number"
    ? Object.assign(cause, { errno: cause.errcode })
    : cause

/**
 * Maximum number of cached statements, by last use. Statements with lists of different lengths have different texts.
 */
const keptStatements = 300

interface Wanted {
  readonly work: () => unknown
  readonly settle: (outcome: Effect.Effect<never, SqlError> | { readonly value: unknown }) => void
}

const make = (connection: Connection): GroupCommit["Service"] => {
  const alone = Semaphore.makeUnsafe(1)
  const statements = new Map<string, PreparedStatement>()
  const prepare = (sql: string): PreparedStatement => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = connection.prepare(sql)
    const [oldest] = statements.size < keptStatements ? [] : statements.keys()
    if (oldest !== undefined) statements.delete(oldest)
    statements.set(sql, statement)
    return statement
  }

  const transaction = (works: ReadonlyArray<() => unknown>): ReadonlyArray<unknown> => {
    prepare("BEGIN IMMEDIATE").execute()
    try {
      const values = works.map((work) => work())
      prepare("COMMIT").execute()
      return values
    } catch (cause) {
      if (connection.isTransaction()) prepare("ROLLBACK").execute()
      throw cause
    }
  }

  const attempt = (group: ReadonlyArray<Wanted>): void => {
    try {
      const values = transaction(group.map(({ work }) => work))
      group.forEach(({ settle }, index) => settle({ value: values[index] }))
    } catch (cause) {
      // A single write may be the cause, so each is executed alone.
      if (group.length > 1) for (const one of group) attempt([one])
      else group[0]?.settle(Effect.fail(failureOf(cause, "write")))
    }
  }

  let waiting: Array<Wanted> = []
  const flush = alone.withPermit(
    Effect.sync(() => {
      const group = waiting
      waiting = []
      if (group.length > 0) attempt(group)
    })
  )

  return GroupCommit.of({
    connection,
    prepare,
    alone,
    write: <A>(work: () => A) =>
      Effect.callback<A, SqlError>((resume) => {
        const wanted: Wanted = {
          work,
          settle: (outcome) => resume(Effect.isEffect(outcome) ? outcome : Effect.succeed(outcome.value as A))
        }
        // The work that is requested in this turn of the event loop forms a group.
        if (waiting.push(wanted) === 1) setImmediate(() => void Effect.runFork(flush))
        return Effect.sync(() => {
          waiting = waiting.filter((other) => other !== wanted)
        })
      }),
    read: <A>(work: () => A) =>
      Effect.suspend(() => {
        const reading = Effect.try({ try: work, catch: (cause) => failureOf(cause, "read") })
        return connection.isTransaction() ? alone.withPermit(reading) : reading
      })
  })
}
