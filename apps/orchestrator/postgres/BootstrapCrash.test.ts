/**
 * Bootstraps on Postgres whose worker dies, as by `kill -9`, before and after each step and at the writes to record and journal: the
 * next worker takes over, and there is always one dataset and one active model. `CRASH_KILLS` says at how many points; 8 without it.
 */
import { assert, describe, it } from "@effect/vitest"
import { isOver } from "@privx-kit/runs/Run"
import { Runs } from "@privx-kit/runs/Runs"
import * as RunSubmission from "@privx-kit/runs/RunSubmission"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { BootstrapRun } from "../src/bootstrap/BootstrapRun.ts"
import * as bootstraps from "../test/support/bootstraps.ts"
import { bundled } from "../test/support/bundled.ts"
import * as privx from "../test/support/privx.ts"
import * as support from "./support.ts"

const server = support.server()

/** Those after which half a state would be left come first. */
const points = [
  "after dataset",
  "after train",
  "after activate",
  "after configure",
  "before activate",
  "after deliver",
  "after journal.activity",
  "after projection.end",
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
    "confirm",
    "journal.activity",
    "projection.end"
  ].flatMap((name) => [`before ${name}`, `after ${name}`])
].filter((point, index, all) => all.indexOf(point) === index)

const chosen = points.slice(0, Number(process.env["CRASH_KILLS"] ?? 8))

describe("a bootstrap on Postgres whose worker dies", () => {
  it.live(
    `has one dataset and one active model after a death at each of ${chosen.length} points`,
    () =>
      Effect.gen(function* () {
        const file = yield* bundled("work.ts")
        // Another address than the old model's, so that a script is needed.
        const inputs = { ...bootstraps.inputs, address: "ueba.example.com:8000" }
        yield* Effect.forEach(chosen, (point) => Effect.scoped(survived(point, inputs, file)), {
          concurrency: 3,
          discard: true
        })
      }),
    60_000 + chosen.length * 30_000
  )
})

const survived = Effect.fnUntraced(function* (point: string, inputs: typeof BootstrapRun.inputs.Type, file: string) {
  const simulator = yield* privx.start({ ...bootstraps.options, stopDuration: "10 seconds" })
  // An old model, which the bootstrap has to replace.
  const old = { dataset: { ...bootstraps.inputs.dataset, name: "old" } }
  const dataDir = path.join(yield* temporary.directory, "data")
  yield* bootstraps.session(simulator, dataDir, bootstraps.bootstrap(simulator, old))
  const url = yield* support.database(server())
  yield* Effect.gen(function* () {
    const runs = yield* Runs
    const { id } = yield* RunSubmission.submit(BootstrapRun, { target: nameOf(simulator.url), inputs })
    const dying = yield* support.workerProcess(simulator, url, { file, death: { point, nth: 1 } })
    const ended = runs.get(id).pipe(
      Effect.delay("200 millis"),
      Effect.repeat({ until: (run) => run !== undefined && isOver(run) }),
      // Where the end is on record, the process has a moment to die.
      Effect.andThen(Effect.sleep("5 seconds"))
    )
    const code = yield* Effect.raceFirst(dying.exitCode, Effect.as(ended, "never"))
    assert.isNull(code, `${point}: ${dying.output()}`)
    yield* support.workerProcess(simulator, url, { file })
    const run = yield* runs.get(id).pipe(
      Effect.delay("50 millis"),
      Effect.repeat({ until: (run) => run !== undefined && isOver(run) }),
      Effect.timeoutOrElse({
        duration: "1 minute",
        orElse: () => Effect.flatMap(runs.get(id), (run) => Effect.die(new Error(`${point}: ${JSON.stringify(run)}`)))
      })
    )
    assert.strictEqual(run?.status, "succeeded", `${point}: ${JSON.stringify(run?.failure)}`)
    yield* bootstraps.assertOne(simulator, point)
  }).pipe(Effect.provide(support.record(url)))
})
