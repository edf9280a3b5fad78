import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"
import { Runs } from "@privx-kit/runs/Runs"
import { Setups } from "../../src/setup/Setups.ts"
import * as privx from "../support/privx.ts"
import * as temporary from "@privx-kit/testing/temporary"

const setups = 1000

describe("Setups under load", () => {
  it.live(
    "all of a thousand end verified while a third of the calls fail retryably",
    () =>
      Effect.gen(function* () {
        const simulator = yield* privx.start({
          sessionUses: 1,
          seed: 7,
          faults: [
            "createSession:503/MAX_LOAD%20",
            "createSession:500/DATABASE_ERROR%10",
            "createSession:reset%5",
            "downloadSetupScript:429/TOO_MANY_CONNECTIONS%15",
            "downloadSetupScript:html/502%10",
            "downloadSetupScript:truncate@100%5",
            "downloadSetupScript:reset@1000%5",
            "configuration:503/MAX_LOAD%25",
            "configuration:reset%10"
          ]
        })
        const dataDir = path.join(yield* temporary.directory, "data")
        const target = simulator.url
        yield* Effect.gen(function* () {
          const { run } = yield* Setups
          const results = yield* Effect.forEach(
            Array.from({ length: setups }),
            () => run({ target, fresh: true, sha256: simulator.scriptSha256 }),
            { concurrency: 32 }
          )
          assert.strictEqual(new Set(results.map((result) => result.runId)).size, setups)
          assert.isTrue(results.every((result) => result.report.verified))
          const runs = yield* Effect.flatMap(Runs, (runs) => runs.list())
          assert.strictEqual(runs.length, setups)
          assert.isTrue(runs.every((run) => run.status === "succeeded"))
        }).pipe(
          Effect.provide(
            EmbeddedRuntime.layerSetups({ dataDir, target }).pipe(
              Layer.provide(privx.client(simulator)),
              Layer.provide(privx.domains),
              Layer.provide(privx.perseverance)
            )
          )
        )
        const requests = yield* simulator.requests
        const failed = requests.filter((request) => request.fault !== undefined).length
        assert.isAbove(failed / requests.length, 0.3)
        const manifests = fs.readdirSync(path.join(dataDir, "manifests")).filter((file) => file.endsWith(".json"))
        assert.strictEqual(manifests.length, setups)
        assert.strictEqual(temporary.filesBelow(path.join(dataDir, "artifacts")).length, 1)
      }),
    120_000
  )
})
