/**
 * Effect's SQL client on the connection of {@link GroupCommit}: single writes join the next group, reads are executed at
 * once, and an explicit transaction has the connection to itself.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import type { PreparedStatement, Rows } from "./SqliteConnection.ts"
import { failureOf, GroupCommit } from "./GroupCommit.ts"

/** Recognizes a single write. If a write is mistaken for a read, it is executed at once, which is also correct. */
const writes = /^\s*(INSERT|UPDATE|DELETE)\b/i

/**
 * Several statements as one member of a group, in which a later statement may depend on the rows of an earlier one. For
 * SQLite this is cheaper than a separate transaction.
 *
 * @since 0.1.0
 * @category references
 */
export const StatementBatch = Context.Reference<
  | (<A>(work: (execute: (statement: Statement.Statement<object>) => Rows) => A) => Effect.Effect<A, SqlError>)
  | undefined
>("privx-kit/sqlite/StatementBatch", { defaultValue: () => undefined })

const make = Effect.gen(function* () {
  const group = yield* GroupCommit

  /** @param perform how the connection executes a statement: within a transaction or alone */
  const connection = (perform: (sql: string, work: () => Rows) => Effect.Effect<Rows, SqlError>): Connection => {
    const execute = (prepare: (sql: string) => PreparedStatement) => (sql: string, params: ReadonlyArray<unknown>) =>
      Effect.flatMap(SqlClient.SafeIntegers, (bigInts) => perform(sql, () => prepare(sql).execute(params, bigInts)))
    const kept = execute(group.prepare)
    const once = execute((sql) => group.connection.prepare(sql))
    const values = Effect.map((rows: Rows) => rows.map((row) => Object.values(row)))
    const transformed =
      (execute: typeof kept): Connection["execute"] =>
      (sql, params, transform) =>
        transform === undefined ? execute(sql, params) : Effect.map(execute(sql, params), transform)
    return {
      execute: transformed(kept),
      executeRaw: kept,
      executeValues: (sql, params) => values(kept(sql, params)),
      executeValuesUnprepared: (sql, params) => values(once(sql, params)),
      executeUnprepared: transformed(once),
      executeStream: () => Stream.die(new Error("SQLite returns all rows at once"))
    }
  }

  const now = (work: () => Rows) => Effect.try({ try: work, catch: (cause) => failureOf(cause, "execute") })
  const own = connection((_sql, work) => now(work))
  const shared = connection((sql, work) => (writes.test(sql) ? group.write(work) : group.read(work)))

  const { acquirer, isTransaction, onCommitFailure, transactionAcquirer } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(own),
    semaphore: group.alone,
    isTransaction: group.connection.isTransaction
  })
  return yield* SqlClient.make({
    acquirer,
    transactionAcquirer,
    borrower: (use) => use(shared),
    onCommitFailure,
    ...(isTransaction === undefined ? undefined : { isTransaction }),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    prepareTransactionControls: true,
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

const together = Layer.effect(
  StatementBatch,
  Effect.map(
    GroupCommit,
    ({ prepare, write }) =>
      <A>(work: (execute: (statement: Statement.Statement<object>) => Rows) => A) =>
        write(() =>
          work((statement) => {
            const [sql, params] = statement.compile()
            return prepare(sql).execute(params)
          })
        )
  )
)

/**
 * The SQL client of Effect on the connection of `GroupCommit`.
 *
 * **Details**: single writes join the next group, reads are executed at once, and an explicit transaction has the connection
 * to itself.
 *
 * @example
 * ```ts
 * import * as SqliteClient from "@privx-kit/durable/SqliteClient"
 * import { GroupCommit } from "@privx-kit/durable/GroupCommit"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = SqliteClient.layer.pipe(Layer.provide(GroupCommit.layer("/var/lib/example/notes.sqlite")))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<SqlClient.SqlClient, never, GroupCommit> = Layer.effect(SqlClient.SqlClient, make).pipe(
  Layer.provide(Reactivity.layer),
  Layer.merge(together)
)
