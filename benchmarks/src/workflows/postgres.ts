/**
 * The Postgres that the suite `workflows` is given by `BENCH_POSTGRES`, the URL of a server on which it may make databases.
 * Statements are counted by `pg_stat_statements`, which that server has to preload.
 */
import { Client } from "pg"
import type { Counts } from "./counting.ts"

export interface Database {
  readonly url: string
  /** What this database was asked for so far. */
  readonly counts: () => Promise<Counts>
  readonly drop: () => Promise<void>
}

export interface Server {
  /** A new and empty one. */
  readonly make: (name: string) => Promise<Database>
}

/** `undefined` where none is given. */
export const server = (): Server | undefined => {
  const base = process.env.BENCH_POSTGRES
  if (base === undefined) return undefined
  const ask = async (text: string, values: ReadonlyArray<unknown> = []): Promise<ReadonlyArray<Counts>> => {
    const client = new Client({ connectionString: base })
    await client.connect()
    try {
      return (await client.query<Counts>(text, [...values])).rows
    } finally {
      await client.end()
    }
  }
  return {
    make: async (name) => {
      await ask("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
      await ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await ask(`CREATE DATABASE ${name}`)
      const url = new URL(base)
      url.pathname = `/${name}`
      return {
        url: url.href,
        counts: async () => {
          // What a session has counted is seen a second later at most.
          await new Promise((resolve) => setTimeout(resolve, 1100))
          const [counts] = await ask(
            `SELECT
              (SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = $1) AS commits,
              (SELECT COALESCE(sum(calls), 0)::float8 FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                WHERE d.datname = $1) AS statements`,
            [name]
          )
          return counts ?? { commits: Number.NaN, statements: Number.NaN }
        },
        drop: async () => {
          await ask(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        }
      }
    }
  }
}
