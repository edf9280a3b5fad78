/**
 * Kills bootstraps, as by `kill -9`, before and after each step and write: there is always one dataset and one active
 * model. `CRASH_KILLS` sets the number of points; `pnpm test:crash` covers all of them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"
import { BootstrapRun } from "../../src/bootstrap/BootstrapRun.ts"
import * as bootstraps from "../support/bootstraps.ts"
import { bundled } from "../support/bundled.ts"

const points = bootstraps.deaths([
  "projection.create",
  "projection.end",
  "journal.request",
  "journal.activity",
  "journal.reply"
])

/**
 * The end is recorded at this point, so the run has ended: the same command starts another run, which has nothing to do.
 */
const ended: ReadonlySet<string> = new Set(["after projection.end", "before journal.reply", "after journal.reply"])

const chosen = points.slice(0, Number(process.env["CRASH_KILLS"] ?? 2))

describe("a bootstrap whose process dies", () => {
  it.live(
    `has one dataset and one active model after a death at each of ${chosen.length} points`,
    () =>
      Effect.gen(function* () {
        const file = yield* bundled("crash-bootstrap.ts")
        const inputs = JSON.stringify(yield* Schema.encodeEffect(BootstrapRun.inputs)(bootstraps.moved))
        yield* Effect.forEach(
          chosen,
          (point) =>
            Effect.scoped(
              Effect.gen(function* () {
                const simulator = yield* bootstraps.withOldModel
                const dataDir = path.join(yield* temporary.directory, "data")
                const token = Redacted.value(yield* simulator.issueToken())
                const start = (death: string) =>
                  program.start(file, [dataDir, simulator.url.href, death], {
                    env: { TOKEN: token, INPUTS: inputs, NODE_COMPILE_CACHE: path.join(path.dirname(file), "cache") }
                  })
                const dying = yield* start(point)
                assert.isNull(yield* dying.exitCode, `${point}: ${dying.output()}`)
                const resumed = yield* start("-")
                assert.strictEqual(yield* resumed.exitCode, 0, `${point}: ${resumed.output()}`)
                assert.include(resumed.output(), '"until":"confirm"', point)
                if (ended.has(point)) assert.notInclude(resumed.output(), '"setup":{', point)
                else assert.include(resumed.output(), '"setup":{', point)
                yield* bootstraps.assertOne(simulator, point)
              })
            ),
          { concurrency: 2, discard: true }
        )
      }),
    60_000 + chosen.length * 20_000
  )
})
