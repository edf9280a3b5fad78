/** What the tests on Postgres share: one server for a file, a database for a test, workers within the test or beside it. */
import type { Simulator } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as path from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
import * as ClusterWorker from "../src/worker/ClusterWorker.ts"
import { Runs } from "@privx-kit/runs/Runs"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as privx from "../test/support/privx.ts"
import * as SetupSubmission from "../src/setup/SetupSubmission.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"
import { create, type Server } from "./server.ts"

export type PrivX = Simulator["Service"]

/** A server for all tests of a file. */
export const server = (settings?: Readonly<Record<string, string>>): (() => Server) => {
  let running: Server | undefined
  beforeAll(async () => {
    running = await create(settings)
  }, 120_000)
  afterAll(() => running?.remove(), 120_000)
  return () => {
    if (running === undefined) throw new Error("the server has not been started")
    return running
  }
}

/** An empty database with the tables of this version. */
export const database = Effect.fnUntraced(function* (server: Server) {
  const url = Redacted.make(yield* Effect.promise(() => server.database()))
  yield* PostgresStorage.migrate({ url }).pipe(Effect.provide(privx.domains), Effect.orDie)
  return url
})

/** A worker within this process, for one PrivX. */
export const worker = (simulator: PrivX, databaseUrl: Redacted.Redacted, keyDirectory: string) =>
  ClusterWorker.layer({ databaseUrl, host: "127.0.0.1", concurrency: 16, keyDirectory }).pipe(
    Layer.provide(PrivxHosts.single(simulator.url)),
    Layer.provide(privx.client(simulator)),
    Layer.provide(privx.domains),
    Layer.provide(privx.patience)
  )

const workProgram = path.join(import.meta.dirname, "../test/programs/work.ts")

/** A worker as a process of its own: something to kill. */
export const workerProcess = Effect.fnUntraced(function* (
  simulator: PrivX,
  databaseUrl: Redacted.Redacted,
  options: {
    readonly concurrency?: number
    /** Where it dies, and at which time that it comes by. */
    readonly death?: { readonly point: string; readonly nth: number; readonly signal?: "SIGSTOP" } | undefined
    /** The program in one file, where many are started. */
    readonly file?: string
  } = {}
) {
  const keys = yield* temporary.directory
  const token = Redacted.value(yield* simulator.issueToken())
  const { concurrency = 16, death, file = workProgram } = options
  const args = [Redacted.value(databaseUrl), simulator.url.href, keys, String(concurrency)]
  return yield* program.start(
    file,
    death === undefined ? args : [...args, death.point, String(death.nth), death.signal ?? "SIGKILL"],
    {
      env: { TOKEN: token }
    }
  )
})

/** The record of the runs, as another client of the database sees it. */
export const record = (url: Redacted.Redacted) =>
  Layer.fresh(Runs.layer.pipe(Layer.provideMerge(PostgresStorage.layer({ url, maxConnections: 4 }))))

/** A setup that a worker of its own executes to its end. */
export const succeeds = Effect.fnUntraced(function* (simulator: PrivX, databaseUrl: Redacted.Redacted) {
  const runs = yield* Runs
  const worker = yield* workerProcess(simulator, databaseUrl)
  yield* worker.line("ready")
  const { id } = yield* SetupSubmission.submit({ target: simulator.url, fresh: true })
  yield* eventually(runs.get(id), (run) => run?.status === "succeeded")
  return worker
})
