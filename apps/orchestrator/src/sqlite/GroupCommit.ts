/**
 * The one connection of a process to its SQLite file. What many fibers write at about the same time is committed together:
 * a commit costs far more than a statement, and nobody is told that something is written before it is committed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import { DatabaseSync, type StatementSync } from "node:sqlite"

export class GroupCommit extends Context.Service<
  GroupCommit,
  {
    readonly database: DatabaseSync
    /** A statement that is kept. It must not be held over an asynchronous gap with rows unread. */
    readonly prepare: (sql: string) => StatementSync
    /**
     * Does the work in the next transaction, together with what others want to write then. Everything that the work does is
     * committed when this succeeds, and undone when it fails. It may be called again where another's work made the
     * transaction fail, so it changes nothing but the database.
     */
    readonly write: <A>(work: () => A) => Effect.Effect<A, SqlError>
    /** Reads when no transaction is open: what is seen has been committed. */
    readonly read: <A>(work: () => A) => Effect.Effect<A, SqlError>
    /** Who has it has the connection alone, for a transaction that lasts. */
    readonly alone: Semaphore.Semaphore
  }
>()("privx-kit/GroupCommit") {
  static readonly layer = (file: string): Layer.Layer<GroupCommit> =>
    Layer.effect(
      GroupCommit,
      Effect.acquireRelease(
        Effect.sync(() => {
          const database = new DatabaseSync(file)
          database.exec("PRAGMA journal_mode = WAL")
          return database
        }),
        (database) => Effect.sync(() => database.close())
      ).pipe(Effect.map(make))
    )
}

/** The failure of a statement, as every client of Effect tells it. */
export const failureOf = (cause: unknown, operation: string): SqlError =>
  new SqlError({ reason: classifySqliteError(withErrno(cause), { message: `Failed to ${operation}`, operation }) })

/** `node:sqlite` says `errcode` where others say `errno`. */
const withErrno = (cause: unknown): unknown =>
  cause instanceof Error && "errcode" in cause && !("errno" in cause) && typeof cause.errcode === "number"
    ? Object.assign(cause, { errno: cause.errcode })
    : cause

/** Texts differ where lists do: those that were used last are kept. */
const keptStatements = 300

interface Wanted {
  readonly work: () => unknown
  readonly settle: (outcome: Effect.Effect<never, SqlError> | { readonly value: unknown }) => void
}

const make = (database: DatabaseSync): GroupCommit["Service"] => {
  const alone = Semaphore.makeUnsafe(1)
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    const [oldest] = statements.size < keptStatements ? [] : statements.keys()
    if (oldest !== undefined) statements.delete(oldest)
    statements.set(sql, statement)
    return statement
  }

  const transaction = (works: ReadonlyArray<() => unknown>): ReadonlyArray<unknown> => {
    prepare("BEGIN IMMEDIATE").run()
    try {
      const values = works.map((work) => work())
      prepare("COMMIT").run()
      return values
    } catch (cause) {
      if (database.isTransaction) database.exec("ROLLBACK")
      throw cause
    }
  }

  const attempt = (group: ReadonlyArray<Wanted>): void => {
    try {
      const values = transaction(group.map(({ work }) => work))
      group.forEach(({ settle }, index) => settle({ value: values[index] }))
    } catch (cause) {
      // One of them may be to blame: each alone.
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
    database,
    prepare,
    alone,
    write: <A>(work: () => A) =>
      Effect.callback<A, SqlError>((resume) => {
        const wanted: Wanted = {
          work,
          settle: (outcome) => resume(Effect.isEffect(outcome) ? outcome : Effect.succeed(outcome.value as A))
        }
        // What is wanted in this turn of the event loop makes a group.
        if (waiting.push(wanted) === 1) setImmediate(() => void Effect.runFork(flush))
        return Effect.sync(() => {
          waiting = waiting.filter((other) => other !== wanted)
        })
      }),
    read: <A>(work: () => A) =>
      Effect.suspend(() => {
        const reading = Effect.try({ try: work, catch: (cause) => failureOf(cause, "read") })
        return database.isTransaction ? alone.withPermit(reading) : reading
      })
  })
}
