/**
 * The Postgres of the suite `workflows`: one of its own, or the one that `BENCH_POSTGRES` names, on which it may make
 * databases and which has to preload `pg_stat_statements`, by which statements are counted.
 */
import { Client } from "pg"
// @boundaries-ignore the same server as in the app's tests
import * as own from "../../../apps/orchestrator/postgres/server.ts"
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
  readonly stop: () => Promise<void>
}

/** A URL on a server, and what ends that server where it is the suite's own. */
const reached = async (): Promise<{ readonly base: string; readonly stop: () => Promise<void> }> => {
  const given = process.env.BENCH_POSTGRES
  if (given !== undefined) return { base: given, stop: async () => {} }
  const server = await own.create({ shared_preload_libraries: "pg_stat_statements" })
  return { base: await server.database(), stop: server.remove }
}

export const server = async (): Promise<Server> => {
  const { base, stop } = await reached()
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
    stop,
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
