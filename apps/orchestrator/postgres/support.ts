/** What the tests on Postgres share: one server for a file, a database for a test, workers within the test or beside it. */
import type { Simulator } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { afterAll, beforeAll } from "vitest"
import * as Postgres from "../src/cluster/Postgres.ts"
import * as Worker from "../src/cluster/Worker.ts"
import { Runs } from "../src/runs/Runs.ts"
import { Targets } from "../src/Targets.ts"
import * as privx from "../test/support/privx.ts"
import * as program from "../test/support/program.ts"
import * as temporary from "../test/support/temporary.ts"
import { create, type Server } from "./server.ts"

export type PrivX = Simulator["Service"]

/** A server for all tests of a file. */
export const server = (settings?: Readonly<Record<string, string>>): (() => Server) => {
  let running: Server | undefined
  beforeAll(async () => {
    running = await create(settings)
  }, 120_000)
  afterAll(() => running?.remove())
  return () => {
    if (running === undefined) throw new Error("the server has not been started")
    return running
  }
}

/** An empty database with the tables of this version. */
export const database = Effect.fnUntraced(function* (server: Server) {
  const url = Redacted.make(yield* Effect.promise(() => server.database()))
  yield* Effect.orDie(Postgres.migrate({ url }))
  return url
})

/** A worker within this process, for one PrivX. */
export const worker = (simulator: PrivX, databaseUrl: Redacted.Redacted, keyFolder: string) =>
  Worker.layer({ databaseUrl, host: "127.0.0.1", concurrency: 16, keyFolder }).pipe(
    Layer.provide(Targets.single(simulator.url)),
    Layer.provide(privx.ueba(simulator)),
    Layer.provide(privx.patience)
  )

/** A worker as a process of its own: something to kill. */
export const workerProcess = Effect.fnUntraced(function* (
  simulator: PrivX,
  databaseUrl: Redacted.Redacted,
  options: {
    readonly concurrency?: number
    /** Where it dies, and at which time that it comes by. */
    readonly death?: { readonly point: string; readonly nth: number } | undefined
    /** The program in one file, where many are started. */
    readonly file?: string
  } = {}
) {
  const keys = yield* temporary.folder
  const token = Redacted.value(yield* simulator.issueToken())
  const { concurrency = 16, death, file = "work.ts" } = options
  const args = [Redacted.value(databaseUrl), simulator.url.href, keys, String(concurrency)]
  return yield* program.start(file, death === undefined ? args : [...args, death.point, String(death.nth)], {
    env: { TOKEN: token }
  })
})

/** The record of the runs, as somebody else who looks at the database. */
export const record = (url: Redacted.Redacted) =>
  Layer.fresh(Runs.layer.pipe(Layer.provideMerge(Postgres.layer({ url, maxConnections: 4 }))))
