/** Bootstraps of UEBA against a simulator, executed by one process after another. */
import type { Simulator } from "@privx-kit/simulator/Simulator"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import { type RunEvent, RunEvents } from "@privx-kit/runs/RunEvents"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { nameOf, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { Ueba } from "@privx-kit/ueba/Ueba"
import { assert } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import { type BootstrapInputs, BootstrapRun } from "../../src/bootstrap/BootstrapRun.ts"
import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import * as privx from "./privx.ts"

type PrivX = Simulator["Service"]

/** The simulated UEBA of the tests: nothing is configured, and its clock runs 6,000 times as fast. */
export const options = { configuration: { address: "" }, speed: 6000, connectionsPerHour: 60 } as const

export const inputs: BootstrapInputs = {
  address: SetupScript.address,
  trustAnchors: SetupScript.trustAnchor,
  dataset: { name: "production", range: {}, age: 30 * 86_400_000 },
  interval: 5
}

/** Runs an effect like a separate process: the data directory is unlocked afterwards. */
export const session = <A, E>(
  simulator: PrivX,
  dataDir: string,
  use: Effect.Effect<A, E, EmbeddedRuntime.Services>,
  observe: (event: RunEvent) => void = () => undefined
) =>
  Effect.provide(
    use,
    EmbeddedRuntime.layer({ dataDir }).pipe(
      Layer.provide(PrivxHosts.single(simulator.url)),
      Layer.provide(privx.client(simulator)),
      Layer.provide(privx.domains),
      Layer.provide(privx.patience),
      Layer.provide(Layer.succeed(RunEvents, (event) => Effect.sync(() => observe(event))))
    )
  )

export const bootstrap = (simulator: PrivX, changes: Partial<BootstrapInputs> = {}) =>
  Effect.flatMap(RunExecutor, (executor) =>
    executor.run(BootstrapRun, { target: nameOf(simulator.url), inputs: { ...inputs, ...changes } })
  )

/** A PrivX with an old model that the bootstrap must replace. */
export const withOldModel = Effect.gen(function* () {
  const simulator = yield* privx.start({ ...options, stopDuration: "10 seconds" })
  const old = { dataset: { ...inputs.dataset, name: "old" } }
  const dataDir = path.join(yield* temporary.directory, "data")
  yield* session(simulator, dataDir, bootstrap(simulator, old))
  return simulator
})

/** With a different address than the old model, so that a script is needed. */
export const moved: BootstrapInputs = { ...inputs, address: "ueba.example.com:8000" }

/**
 * The points at which a process can die: before and after each activity and write. Points that would leave an incomplete
 * state come first.
 *
 * @param more further points that come first
 * @param writes writes to record and journal, and other activities
 */
export const deaths = (writes: ReadonlyArray<string>, more: ReadonlyArray<string> = []): ReadonlyArray<string> => [
  ...new Set([
    "after dataset",
    "after train",
    "after activate",
    "after configure",
    ...more,
    ...[
      "check",
      "configure",
      "acquire",
      "verify",
      "deliver",
      "service/since",
      "service",
      "count/since",
      "count",
      "dataset",
      "train",
      "trained/since",
      "trained",
      "activate/since",
      "activate",
      ...writes
    ].flatMap((name) => [`before ${name}`, `after ${name}`])
  ])
]

/** The operations that change PrivX, in the order of the requests. */
export const mutations = (simulator: PrivX) =>
  Effect.map(simulator.requests, (requests) =>
    requests.flatMap(({ method, operation, status }) =>
      operation !== undefined && status !== undefined && status < 400 && method !== "GET" && mutating.has(operation)
        ? [operation.slice("Ueba.".length)]
        : []
    )
  )

const mutating: ReadonlySet<string> = new Set(
  [
    "setConfiguration",
    "createSession",
    "createDataset",
    "updateDataset",
    "deleteDataset",
    "trainDataset",
    "startAnalyzing",
    "stopAnalyzing"
  ].map((name) => `Ueba.${name}`)
)

/** Exactly one dataset with the name exists, trained and active, and nothing was created or trained twice. */
export const assertOne = Effect.fnUntraced(function* (simulator: PrivX, what: string) {
  const { items } = yield* Ueba.use((ueba) => ueba.listDatasets()).pipe(Effect.provide(privx.ueba(simulator)))
  const [own, ...others] = items.filter(({ comment }) => comment === inputs.dataset.name)
  assert.lengthOf(others, 0, `${what}: one dataset`)
  assert.isTrue(own?.is_active, `${what}: it is active`)
  assert.lengthOf(
    items.filter(({ is_active }) => is_active),
    1,
    `${what}: one active model`
  )
  const datasets = items.length
  const done = yield* mutations(simulator)
  for (const operation of ["createDataset", "trainDataset"]) {
    assert.lengthOf(
      done.filter((one) => one === operation),
      datasets,
      `${what}: ${operation}`
    )
  }
})
