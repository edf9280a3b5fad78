/** Bootstraps of UEBA against a simulator, as a process after another would execute them. */
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

/** How the UEBA of the tests is simulated: nothing is configured, and its time passes 6,000 times as fast. */
export const options = { configuration: { address: "" }, speed: 6000, connectionsPerHour: 60 } as const

export const inputs: BootstrapInputs = {
  address: SetupScript.address,
  trustAnchors: SetupScript.trustAnchor,
  dataset: { name: "production", range: {}, age: 30 * 86_400_000 },
  interval: 5
}

/** Runs as a process of its own would: the data directory is free again afterwards. */
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

/** A PrivX with an old model, which the bootstrap has to replace. */
export const withOldModel = Effect.gen(function* () {
  const simulator = yield* privx.start({ ...options, stopDuration: "10 seconds" })
  const old = { dataset: { ...inputs.dataset, name: "old" } }
  const dataDir = path.join(yield* temporary.directory, "data")
  yield* session(simulator, dataDir, bootstrap(simulator, old))
  return simulator
})

/** With another address than that of the old model, so that a script is needed. */
export const moved: BootstrapInputs = { ...inputs, address: "ueba.example.com:8000" }

/**
 * Where a process can die: before and after each activity and write. Those after which half a state would be left come first.
 *
 * @param more that come first as well
 * @param writes to record and journal, and other activities
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

/** The operations that change something in PrivX, in the order in which they were asked for. */
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

/** One dataset of the name, trained and active, and none beside it; nothing was created or trained twice on the way. */
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
