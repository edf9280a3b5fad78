/** The page on a server that shares a Postgres database with a worker. */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as path from "node:path"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as temporary from "@privx-kit/testing/temporary"
import * as support from "../postgres/support.ts"
import * as SharedStorage from "../src/server/SharedStorage.ts"
import * as ClusterWorker from "../src/worker/ClusterWorker.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import * as flows from "./flows.ts"
import { signIn } from "./support.ts"

const open = browser()
const database = support.server()

/** A database, a PrivX host, and a worker that executes the runs. Servers come and go. */
const shared = Effect.gen(function* () {
  const simulator = yield* privx.start()
  const url = yield* support.database(database())
  const directory = yield* temporary.directory
  const context = yield* Layer.build(support.worker(simulator, url, path.join(directory, "keys")))
  yield* ClusterWorker.work({ concurrency: 8 }).pipe(Effect.provideContext(context), Effect.forkScoped)
  const start = (again: { readonly port?: number; readonly tokenOf?: (name: string) => string } = {}) =>
    served.on(SharedStorage.layer({ url, maxConnections: 4 }), {
      target: nameOf(simulator.url),
      tokenFile: path.join(directory, "tokens.toml"),
      ...again
    })
  return { start, url }
})

const started = Effect.flatMap(shared, ({ start }) => start())

describe("the page on Postgres", () => {
  it.live("lets people approve, reject, cancel and retry runs that a worker executes", () =>
    Effect.gen(function* () {
      const server = yield* started
      yield* flows.approves(server, open)
      yield* flows.rejects(server, open)
      yield* flows.cancels(server, open)
    })
  )

  it.live("shows each role what it may do, and nothing else", () =>
    Effect.flatMap(started, (server) =>
      flows.roles(server, open, (page, role, where) => signIn(page, server, role, where), { own: true })
    )
  )

  it.live("filters by the address: Back works, a link works, a view is kept", () =>
    Effect.flatMap(started, (server) => flows.filters(server, open))
  )

  it.live("follows runs over a restart of the server", () =>
    Effect.flatMap(shared, ({ start }) => flows.restarts(start, open))
  )

  it.live("is as quick with 10,000 runs", () =>
    Effect.gen(function* () {
      const { start, url } = yield* shared
      yield* Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`
          INSERT INTO runs (id, kind, target, inputs, status, created_at, started_at, ended_at, failure, starts)
          SELECT lpad(to_hex(i), 8, '0') || '-0000-4000-8000-000000000000', 'ueba-setup',
            'https://privx-' || (i % 300) || '.example.com', '{}',
            CASE i % 10 WHEN 0 THEN 'failed' ELSE 'succeeded' END, 1700000000000 + i * 1000.0, 1700000000000 + i * 1000.0,
            1700000000500 + i * 1000.0, CASE i % 10 WHEN 0 THEN '{"_tag":"Unknown"}' END, 1
          FROM generate_series(1, 10000) AS i`
      ).pipe(Effect.provide(support.record(url)))
      yield* flows.manyRuns(yield* start(), open)
    })
  )
})
