/**
 * Bootstraps on Postgres whose worker dies, as by `kill -9`, before and after each step and at the writes to record and journal: the
 * next worker takes over, and there is always one dataset and one active model. `CRASH_KILLS` says at how many points; 8 without it.
 */
import { assert, describe, it } from "@effect/vitest"
import { isOver } from "@privx-kit/runs/Run"
import { Runs } from "@privx-kit/runs/Runs"
import * as RunSubmission from "@privx-kit/runs/RunSubmission"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as Effect from "effect/Effect"
import { BootstrapRun } from "../src/bootstrap/BootstrapRun.ts"
import * as bootstraps from "../test/support/bootstraps.ts"
import { bundled } from "../test/support/bundled.ts"
import * as support from "./support.ts"

const server = support.server()

const points = bootstraps.deaths(
  ["confirm", "journal.activity", "projection.end"],
  ["before activate", "after deliver", "after journal.activity", "after projection.end"]
)

const chosen = points.slice(0, Number(process.env["CRASH_KILLS"] ?? 8))

describe("a bootstrap on Postgres whose worker dies", () => {
  it.live(
    `has one dataset and one active model after a death at each of ${chosen.length} points`,
    () =>
      Effect.gen(function* () {
        const file = yield* bundled("work.ts")
        yield* Effect.forEach(chosen, (point) => Effect.scoped(survived(point, file)), {
          concurrency: 3,
          discard: true
        })
      }),
    60_000 + chosen.length * 30_000
  )
})

const survived = Effect.fnUntraced(function* (point: string, file: string) {
  const simulator = yield* bootstraps.withOldModel
  const url = yield* support.database(server())
  yield* Effect.gen(function* () {
    const runs = yield* Runs
    const { id } = yield* RunSubmission.submit(BootstrapRun, {
      target: nameOf(simulator.url),
      inputs: bootstraps.moved
    })
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
