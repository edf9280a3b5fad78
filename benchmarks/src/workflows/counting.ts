/** Counts the statements of this process in SQLite, for any client. */
import { DatabaseSync, StatementSync } from "node:sqlite"

export interface Counts {
  readonly statements: number
  readonly commits: number
}

let statements = 0
let commits = 0

export const counts = (): Counts => ({ statements, commits })

const writes = /^\s*(INSERT|UPDATE|DELETE|REPLACE)/i
const commit = /^\s*COMMIT/i

/** A write outside of a transaction commits by itself. */
const seen = (database: DatabaseSync, sql: string): void => {
  statements++
  if (commit.test(sql) || (writes.test(sql) && !database.isTransaction)) commits++
}

/** To be called before any database is opened. */
export const install = (): void => {
  const owners = new WeakMap<StatementSync, DatabaseSync>()
  const { exec, prepare } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function (sql) {
    seen(this, sql)
    return exec.call(this, sql)
  }
  DatabaseSync.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql)
    owners.set(statement, this)
    return statement
  }
  for (const method of ["run", "get", "all"] as const) {
    const original: (...args: Array<never>) => unknown = StatementSync.prototype[method]
    Object.defineProperty(StatementSync.prototype, method, {
      value: function (this: StatementSync, ...args: Array<never>) {
        const owner = owners.get(this)
        if (owner !== undefined) seen(owner, this.sourceSQL)
        return original.apply(this, args)
      }
    })
  }
}
