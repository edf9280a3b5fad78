/** What is said of a pooler between the kit and the database. pgbouncer is in front of the server here. */
import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as cli from "../test/support/cli.ts"
import * as privx from "../test/support/privx.ts"
import * as pgbouncer from "./pgbouncer.ts"
import * as support from "./support.ts"

const server = support.server()

const behind = Effect.fnUntraced(function* (
  direct: string,
  mode: "session" | "transaction" | "statement",
  size = "40"
) {
  const directory = yield* temporary.directory
  fs.chmodSync(directory, 0o755)
  const pooler = yield* Effect.acquireRelease(
    Effect.promise(() => pgbouncer.start({ server: direct, directory, mode, settings: { default_pool_size: size } })),
    ({ stop }) => Effect.promise(stop)
  )
  return pooler.url(direct)
})

const kit = (url: string, ...args: ReadonlyArray<string>) =>
  Effect.map(
    cli.run(args, { env: { PRIVX_KIT_DATABASE_URL: url, PRIVX_API_TOKEN: "none", NO_COLOR: "1" } }),
    ({ code, stderr, stdout }) => ({ code, text: stdout + stderr })
  )

const host = ["--base-url", "http://127.0.0.1:1"]

describe.skipIf(pgbouncer.missing !== undefined)(
  `a pooler${pgbouncer.missing === undefined ? "" : ` (skipped: ${pgbouncer.missing})`}`,
  () => {
    it.live.each(["transaction", "statement"] as const)(
      "in %s mode is refused wherever the database is opened",
      (mode) =>
        Effect.gen(function* () {
          const direct = Redacted.value(yield* support.database(server()))
          const url = yield* behind(direct, mode)
          for (const args of [
            ["database", "migrate", "--check"],
            ["database", "migrate"],
            ["worker", ...host],
            ["serve", "--insecure-no-auth", "--listen", "127.0.0.1:0", ...host]
          ]) {
            const { code, text } = yield* kit(url, ...args)
            assert.strictEqual(code, 26, text)
            assert.include(
              text,
              "a pooler in transaction or statement mode is in front of it, and locks do not last there"
            )
            assert.include(text, "Connect to Postgres itself, or through a pool in session mode.")
          }
          // Also where the pool has one connection, which never changes.
          const narrow = yield* kit(yield* behind(direct, mode, "1"), "database", "migrate", "--check")
          assert.include(narrow.text, "a pooler in transaction or statement mode")
        })
    )

    it.live("in session mode serves a worker; a pool that is too small is named", () =>
      Effect.gen(function* () {
        const direct = Redacted.value(yield* support.database(server()))
        const url = yield* behind(direct, "session")
        assert.strictEqual((yield* kit(url, "database", "migrate", "--check")).code, 0)
        const simulator = yield* privx.start()
        yield* support.succeeds(simulator, Redacted.make(url)).pipe(Effect.provide(support.record(Redacted.make(url))))

        // A program may have fewer connections than the check would like.
        for (const maxConnections of [1, 2]) {
          yield* Effect.scoped(
            Layer.build(PostgresStorage.layer({ url: Redacted.make(direct), maxConnections }).pipe(Layer.fresh))
          ).pipe(Effect.provide(privx.domains))
        }

        const { code, text } = yield* kit(yield* behind(direct, "session", "2"), "database", "migrate", "--check")
        assert.strictEqual(code, 26, text)
        assert.include(text, "it allows too few connections (four connections were not available within 10 seconds)")
      })
    )

    it.live("that does not know a parameter of the URL is named with it", () =>
      Effect.gen(function* () {
        const direct = Redacted.value(yield* support.database(server()))
        const url = yield* behind(direct, "session")
        const { code, text } = yield* kit(`${url}?search_path=public`, "database", "migrate", "--check")
        assert.strictEqual(code, 26, text)
        assert.include(text, "unsupported startup parameter: search_path")
      })
    )
  }
)
