/** What `database migrate`, workers and servers say of a database that is not as they need it. */
import { assert, describe, it } from "@effect/vitest"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as Certificates from "@privx-kit/simulator/Certificates"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../test/support/cli.ts"
import * as privx from "../test/support/privx.ts"
import { create } from "./server.ts"
import * as support from "./support.ts"

const server = support.server()

/** As the program finds it beside itself. */
const role = path.join(cli.program, "../../sql/postgres-role.sql")

/** On a connection of its own. */
const on = <A, E>(url: string, use: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.provide(use, PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))

const execute = (url: string, ...statements: ReadonlyArray<string>) =>
  on(
    url,
    Effect.forEach(statements, (statement) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)))
  )

const named = (url: string, name: string) => url.replace(/[^/]*$/, name)

const migrate = (url: string, ...flags: ReadonlyArray<string>) =>
  Effect.map(
    cli.run(["database", "migrate", ...flags], { env: { PRIVX_KIT_DATABASE_URL: url, NO_COLOR: "1" } }),
    (ended) => ({
      code: ended.code,
      text: ended.stdout + ended.stderr
    })
  )

/** The URL of a role that may do no more than a worker needs, and that of the owner. */
const minimal = Effect.fnUntraced(function* (name: string) {
  const url = Redacted.value(yield* support.database(server()))
  const script = fs
    .readFileSync(role, "utf8")
    .replace(/^--.*$/gm, "")
    .replaceAll(':"role"', `"${name}"`)
  yield* execute(url, `CREATE ROLE ${name} LOGIN`, ...script.split(";").filter((statement) => statement.trim() !== ""))
  return { owner: url, url: url.replace("privx@", `${name}@`) }
})

describe("a database", () => {
  it.live("is as it was before when the migration was killed half-way, and a worker says that it is not migrated", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => server().database())
      yield* on(
        url,
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          // Another session is creating the last table: the migration has to wait for it.
          yield* sql.withTransaction(
            Effect.scoped(
              Effect.gen(function* () {
                yield* sql`CREATE TABLE cluster_locks (shard_id INTEGER)`
                const migration = yield* program.start(cli.program, ["database", "migrate"], {
                  env: { PRIVX_KIT_DATABASE_URL: url }
                })
                yield* eventually(
                  sql<{ waits: number }>`SELECT count(*)::int AS waits FROM pg_locks WHERE NOT granted`,
                  ([row]) => row?.waits === 1
                )
                yield* migration.kill
                return yield* Effect.fail("roll back")
              })
            )
          )
        })
      ).pipe(
        Effect.catchIf(
          (error) => error === "roll back",
          () => Effect.void
        )
      )
      const check = yield* migrate(url, "--check")
      assert.strictEqual(check.code, 26, check.text)
      assert.include(check.text, "it does not have the tables that this privx-kit requires (its tables do not exist)")
      const worker = yield* cli.run(["worker", "--base-url", "http://127.0.0.1:1"], {
        env: { PRIVX_KIT_DATABASE_URL: url, PRIVX_API_TOKEN: "none" }
      })
      assert.strictEqual(worker.code, 26, worker.stderr)
      assert.strictEqual((yield* migrate(url)).code, 0)
      assert.strictEqual((yield* migrate(url, "--check")).code, 0)
    })
  )

  it.live("needs a role with no more rights than postgres-role.sql gives", () =>
    Effect.gen(function* () {
      const { owner, url } = yield* minimal("kit_minimal")
      assert.strictEqual((yield* migrate(url, "--check")).code, 0)
      const simulator = yield* privx.start()
      yield* Effect.gen(function* () {
        const worker = yield* support.succeeds(simulator, Redacted.make(url))
        // It cannot work without a right that it had, and says so.
        yield* execute(owner, "REVOKE UPDATE ON runs FROM kit_minimal")
        assert.strictEqual(yield* worker.exitCode, 1, worker.output())
        assert.include(worker.output(), "UPDATE on runs")
      }).pipe(Effect.provide(support.record(Redacted.make(owner))))
      const check = yield* migrate(url, "--check")
      assert.strictEqual(check.code, 26, check.text)
      assert.include(check.text, "this user lacks a privilege (it may not UPDATE on runs)")
      assert.include(check.text, `--set=role=NAME -f ${role}`)
      const doctor = yield* cli.run(["doctor", "--json"], { env: { PRIVX_KIT_DATABASE_URL: url } })
      const { checks } = JSON.parse(doctor.stdout).result
      assert.deepInclude(checks.at(-1), { name: "database", outcome: "failed", exitName: "database" })
      assert.include(checks.at(-1).advice, role)
      yield* execute(
        owner,
        "GRANT UPDATE ON runs TO kit_minimal",
        "REVOKE USAGE ON SEQUENCE cluster_messages_rowid_seq FROM kit_minimal"
      )
      assert.include((yield* migrate(url, "--check")).text, "it may not USAGE on cluster_messages_rowid_seq")
      // Creating tables is a right of the owner. Before Postgres 15, every role has it in the schema public.
      yield* execute(named(owner, "postgres"), "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
      const migration = yield* migrate(named(url, "postgres"))
      assert.strictEqual(migration.code, 26, migration.text)
      assert.include(migration.text, "this user lacks a privilege (it may not CREATE in the schema public)")
    })
  )

  it.live("is refused where it cannot store every character", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => server().database())
      yield* execute(url, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
      for (const flags of [[], ["--check"]]) {
        const { code, text } = yield* migrate(named(url, "latin"), ...flags)
        assert.strictEqual(code, 26, text)
        assert.include(text, "it cannot store every character (its encoding is LATIN1, and UTF8 is needed)")
      }
    })
  )

  it.live("is migrated once by two that are started at the same time", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => server().database())
      const both = yield* Effect.all([migrate(url, "--json"), migrate(url, "--json")], { concurrency: 2 })
      assert.deepStrictEqual(
        both.map(({ code }) => code),
        [0, 0]
      )
      assert.deepStrictEqual(both.map(({ text }) => JSON.parse(text).result.from).toSorted(), [
        0,
        PostgresStorage.version
      ])
    })
  )

  it.live("is not reached with a certificate that cannot be verified, nor in clear where TLS was asked for", () =>
    Effect.gen(function* () {
      const { ca, certificate, key } = yield* Effect.orDie(Certificates.make({ names: ["localhost"] }))
      const directory = yield* temporary.directory
      const file = (name: string, text: string) => {
        const at = path.join(directory, name)
        fs.writeFileSync(at, text, { mode: 0o600 })
        if (process.getuid?.() === 0) fs.chownSync(at, 65_534, 65_534)
        return at
      }
      const authority = file("ca.pem", ca)
      const settings = {
        ssl: "on",
        ssl_cert_file: file("server.pem", certificate),
        ssl_key_file: file("server.key", Redacted.value(key))
      }
      const encrypted = yield* Effect.acquireRelease(
        Effect.promise(() => create(settings)),
        (server) => Effect.promise(() => server.remove())
      )
      const url = (yield* Effect.promise(() => encrypted.database())).replace("127.0.0.1", "localhost")
      const said = (query: string, at = url) => migrate(`${at}?${query}`)
      assert.strictEqual((yield* said(`sslmode=verify-full&sslrootcert=${authority}`)).code, 0)
      assert.strictEqual((yield* said("sslmode=require")).code, 0)
      const unverified = yield* said("sslmode=verify-full")
      assert.strictEqual(unverified.code, 26)
      assert.include(unverified.text, "its certificate cannot be verified")
      const otherName = yield* said(
        `sslmode=verify-full&sslrootcert=${authority}`,
        url.replace("localhost", "127.0.0.1")
      )
      assert.include(otherName.text, "its certificate cannot be verified")
      assert.strictEqual(
        (yield* said(`sslmode=verify-ca&sslrootcert=${authority}`, url.replace("localhost", "127.0.0.1"))).code,
        0
      )

      const plain = yield* Effect.promise(() => server().database())
      const notOffered = yield* said("sslmode=require", plain)
      assert.strictEqual(notOffered.code, 26)
      assert.include(notOffered.text, "it does not offer TLS")
      assert.strictEqual((yield* said("sslmode=prefer", plain)).code, 0)
      const unknown = yield* said("ssl=true", plain)
      assert.strictEqual(unknown.code, 3)
      assert.include(unknown.text, "its parameter ssl is not supported; use sslmode instead")
    })
  )

  it.live("that became a standby is not ready, and is so again afterwards", () =>
    Effect.gen(function* () {
      const url = yield* Effect.promise(() => server().database())
      yield* migrate(url)
      const running = yield* program.start(
        cli.program,
        ["serve", "--insecure-no-auth", "--listen", "127.0.0.1:0", "--base-url", "http://127.0.0.1:1", "--json"],
        { env: { PRIVX_KIT_DATABASE_URL: url } }
      )
      const address = yield* eventually(
        Effect.sync(() => /http:\/\/127\.0\.0\.1:[2-9]\d*\d/.exec(running.output())?.[0]),
        (found) => found !== undefined
      )
      const ready = Effect.promise(async (): Promise<{ readonly reason?: string }> =>
        JSON.parse(await (await fetch(`${address}/readyz`)).text())
      )
      const reason = (state: { readonly reason?: string }) => state.reason
      assert.strictEqual(reason(yield* ready), "no worker is alive")
      yield* execute(
        named(url, "postgres"),
        `ALTER DATABASE ${path.basename(url)} SET default_transaction_read_only = on`
      )
      yield* execute(
        named(url, "postgres"),
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${path.basename(url)}'`
      )
      yield* eventually(ready, (state) => reason(state) === "the database cannot be used: it accepts no writes")
    })
  )
})
