/**
 * Effect's SQL client upon the connection of {@link GroupCommit}: single writes join the next group, reads are done at
 * once, and a transaction that lasts has the connection to itself.
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
import type { SQLInputValue, StatementSync } from "node:sqlite"
import { failureOf, GroupCommit } from "./GroupCommit.ts"

type Rows = ReadonlyArray<Record<string, unknown>>

/** A write by itself. What only looks like one, or is one in disguise, is done at once, which is as good. */
const writes = /^\s*(INSERT|UPDATE|DELETE)\b/i

const run = (statement: StatementSync, params: ReadonlyArray<unknown>, bigInts: boolean): Rows => {
  statement.setReadBigInts(bigInts)
  const values = params as ReadonlyArray<SQLInputValue>
  if (statement.columns().length > 0) return statement.all(...values)
  statement.run(...values)
  return []
}

/**
 * Several statements, of which a later one may depend on what an earlier one found, as one member of a group: where there is
 * a database for which that is cheaper than a transaction of one's own.
 */
export const Together = Context.Reference<
  | (<A>(work: (carryOut: (statement: Statement.Statement<object>) => Rows) => A) => Effect.Effect<A, SqlError>)
  | undefined
>("privx-kit/sqlite/Together", { defaultValue: () => undefined })

const make = Effect.gen(function* () {
  const group = yield* GroupCommit

  /** How a connection carries out a statement: within a transaction of its own, or by itself. */
  const connection = (carryOut: (sql: string, work: () => Rows) => Effect.Effect<Rows, SqlError>): Connection => {
    const execute = (prepare: (sql: string) => StatementSync) => (sql: string, params: ReadonlyArray<unknown>) =>
      Effect.flatMap(SqlClient.SafeIntegers, (bigInts) => carryOut(sql, () => run(prepare(sql), params, bigInts)))
    const kept = execute(group.prepare)
    const once = execute((sql) => group.database.prepare(sql))
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
      executeStream: () => Stream.die(new Error("SQLite answers all rows at once"))
    }
  }

  const now = (work: () => Rows) => Effect.try({ try: work, catch: (cause) => failureOf(cause, "execute") })
  const own = connection((_sql, work) => now(work))
  const shared = connection((sql, work) => (writes.test(sql) ? group.write(work) : group.read(work)))

  const { acquirer, isTransaction, onCommitFailure, transactionAcquirer } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(own),
    semaphore: group.alone,
    isTransaction: () => group.database.isTransaction
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
  Together,
  Effect.map(
    GroupCommit,
    ({ prepare, write }) =>
      <A>(work: (carryOut: (statement: Statement.Statement<object>) => Rows) => A) =>
        write(() =>
          work((statement) => {
            const [sql, params] = statement.compile()
            return run(prepare(sql), params, false)
          })
        )
  )
)

export const layer: Layer.Layer<SqlClient.SqlClient, never, GroupCommit> = Layer.effect(SqlClient.SqlClient, make).pipe(
  Layer.provide(Reactivity.layer),
  Layer.merge(together)
)
