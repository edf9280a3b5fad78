/**
 * A connection to an SQLite file, and the only place where the kit executes statements of `node:sqlite` that have parameters
 * or write. Releases of Node differ in the parameters they accept and the results they return; this module hides that.
 *
 * @since 0.1.0
 */
import { closeSync, openSync } from "node:fs"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

/**
 * @since 0.1.0
 * @category models
 */
export type Rows = ReadonlyArray<Record<string, unknown>>

/**
 * A statement that can be executed any number of times. It reads all its rows at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface PreparedStatement {
  /**
   * Executes the statement and returns its rows; an empty array if it has none.
   *
   * @param bigInts whether integers are read as `bigint`. Otherwise one beyond 2⁵³ fails.
   */
  readonly execute: (params?: ReadonlyArray<unknown>, bigInts?: boolean) => Rows
  /** Executes the statement and returns how many rows it changed. */
  readonly change: (params?: ReadonlyArray<unknown>) => number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly prepare: (sql: string) => PreparedStatement
  readonly isTransaction: () => boolean
  readonly close: () => void
}

/**
 * Opens an SQLite file, or creates it, private to this user.
 *
 * **Errors**: throws the exceptions of `node:sqlite`.
 *
 * @example
 * ```ts
 * import * as SqliteConnection from "@privx-kit/durable/SqliteConnection"
 *
 * const connection = SqliteConnection.open(":memory:")
 * export const [row] = connection.prepare("SELECT ? AS number").execute([7])
 * connection.close()
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (file: string, options: { readonly readOnly?: boolean } = {}): Connection => {
  if (options.readOnly !== true && file !== ":memory:") createPrivately(file)
  const database = new DatabaseSync(file, { readOnly: options.readOnly === true })
  return {
    prepare: (sql) => prepare(database, sql),
    isTransaction: () => database.isTransaction,
    close: () => database.close()
  }
}

/**
 * SQLite leaves the mode to the umask. An existing file is not opened here, because closing any descriptor of a file
 * drops all locks that the process has on it.
 */
const createPrivately = (file: string): void => {
  try {
    closeSync(openSync(file, "wx", 0o600))
  } catch (error) {
    // SQLite reports other errors more precisely.
    if (!(error instanceof Error && "code" in error)) throw error
  }
}

/** Before Node 24.8 and 22.20, positional values are not bound to numbered parameters. */
const numbered = /\?\d/

const prepare = (database: DatabaseSync, sql: string): PreparedStatement => {
  if (numbered.test(sql))
    throw new TypeError(`Parameters of SQLite statements are written as ?, without a number: ${sql}`)
  const statement = database.prepare(sql)
  return {
    execute: (params = [], bigInts = false) => {
      const values = params.map(bound)
      if (statement.columns().length > 0) {
        statement.setReadBigInts(bigInts)
        return statement.all(...values)
      }
      // `run` returns the row id of the connection's last insert, whichever statement made it. From Node 26.8 on it fails,
      // after it has executed the statement, where that id is beyond 2⁵³ and integers are not read as `bigint`.
      statement.setReadBigInts(true)
      statement.run(...values)
      return []
    },
    change: (params = []) => {
      statement.setReadBigInts(true)
      return Number(statement.run(...params.map(bound)).changes)
    }
  }
}

/** Some releases of Node bind booleans and `undefined`, others refuse them. Effect treats `undefined` as `null`. */
const bound = (value: unknown): SQLInputValue => {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value
    case "boolean":
      return value ? 1n : 0n
    case "undefined":
      return null
    default:
      if (value === null || value instanceof Uint8Array) return value
      throw new TypeError(`SQLite has no type for a value of type ${typeof value}.`)
  }
}
