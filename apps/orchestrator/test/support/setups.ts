/** Setups against a simulator, executed by one process after another. */
import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import { assert } from "@effect/vitest"
import type * as Simulator from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { type RunEvent, RunEvents } from "@privx-kit/runs/RunEvents"
import type { Run } from "@privx-kit/runs/Run"
import { Runs } from "@privx-kit/runs/Runs"
import { type SetupRequest, Setups } from "../../src/setup/Setups.ts"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as privx from "./privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as temporary from "@privx-kit/testing/temporary"

export type PrivX = Simulator.Simulator["Service"]

/** The services of a process: the setups of one PrivX in a data directory, until the scope closes. */
export const start = (simulator: PrivX, dataDir: string, observe: (event: RunEvent) => void = () => undefined) =>
  Layer.build(
    EmbeddedRuntime.layerSetups({ dataDir, target: simulator.url }).pipe(
      Layer.provide(privx.client(simulator)),
      Layer.provide(privx.domains),
      Layer.provide(privx.patience),
      Layer.provide(Layer.succeed(RunEvents, (event) => Effect.sync(() => observe(event))))
    )
  )

/** Runs an effect like a separate process: the data directory is unlocked afterwards. */
export const session = <A, E>(
  simulator: PrivX,
  dataDir: string,
  use: Effect.Effect<A, E, Setups | Runs>,
  observe?: (event: RunEvent) => void
) => Effect.scoped(Effect.flatMap(start(simulator, dataDir, observe), (context) => Effect.provideContext(use, context)))

export const setup = (simulator: PrivX, request: Partial<SetupRequest> = {}) =>
  Effect.flatMap(Setups, (setups) => setups.run({ target: simulator.url, ...request }))

/** Runs an effect against a simulated PrivX, in a new data directory. */
export const atWork = Effect.fnUntraced(function* <A, E>(
  faults: ReadonlyArray<string>,
  use: (scene: {
    readonly simulator: PrivX
    readonly dataDir: string
    readonly output: string
  }) => Effect.Effect<A, E, Setups | Runs>
) {
  const simulator = yield* privx.start({ faults })
  const { dataDir, output } = yield* place
  return yield* session(simulator, dataDir, use({ simulator, dataDir, output }))
})

/** Starts a setup that hangs in its download, because the simulator stalls there, and will fail. */
export const stalled = Effect.fnUntraced(function* (simulator: PrivX) {
  const fiber = yield* Effect.forkChild(Effect.flip(setup(simulator)), { startImmediately: true })
  const { id } = yield* eventually(only, (run) => run.steps.some((step) => step.name === "download"))
  return { id, fiber }
})

export const runs = Effect.flatMap(Runs, (runs) => runs.list())

export const only = Effect.map(runs, (runs): Run => {
  const [run, ...others] = runs
  assert(run !== undefined && others.length === 0)
  return run
})

/** A process that ends, as by Ctrl-C, during the download of its run. Returns the run in its state afterwards. */
export const interruptedInDownload = Effect.fnUntraced(function* (
  simulator: PrivX,
  dataDir: string,
  request: Omit<SetupRequest, "target"> = {}
) {
  yield* Effect.orDie(simulator.setFaults(["downloadSetupScript:stall@100"]))
  const downloads = privx.count(simulator, "Ueba.downloadSetupScript")
  const before = yield* downloads
  yield* session(
    simulator,
    dataDir,
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(setup(simulator, request), { startImmediately: true })
      yield* eventually(downloads, (count) => count > before)
      yield* Fiber.interrupt(fiber)
    })
  )
  yield* Effect.orDie(simulator.setFaults([]))
  const [run] = yield* recorded(dataDir)
  assert(run !== undefined)
  return run
})

/** The runs in the database, without a process that uses it. */
const recorded = (dataDir: string) =>
  Effect.sync(() => {
    const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir), { readOnly: true })
    const rows = database.prepare("SELECT id, status FROM runs ORDER BY created_at").all()
    database.close()
    return rows.map((row) => ({ id: String(row["id"]), status: String(row["status"]) }))
  })

export const place = Effect.gen(function* () {
  const directory = yield* temporary.directory
  return { dataDir: path.join(directory, "data"), output: path.join(directory, "out") }
})
