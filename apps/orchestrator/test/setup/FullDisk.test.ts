import { assert, describe, it } from "@effect/vitest"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import * as RunActions from "@privx-kit/runs/RunActions"
import * as temporary from "@privx-kit/testing/temporary"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as privx from "../support/privx.ts"
import * as served from "../support/served.ts"
import { only, place, session, setup } from "../support/setups.ts"

describe("a disk that is full while runs execute", () => {
  it.live("is waited out by a server: the run continues when there is space", (context) =>
    Effect.gen(function* () {
      const disk = yield* temporary.smallDisk("2m")
      if (disk === undefined) return context.skip("this user may not mount a file system")
      const server = yield* served.start({
        dataDir: path.join(disk, "data"),
        simulator: { faults: ["downloadSetupScript:delay=500ms"] }
      })
      const filler = path.join(disk, "filler")
      const { run } = yield* server.submit()
      yield* eventually(privx.count(server.simulator, "Ueba.createSession"), (count) => count === 1)
      temporary.fill(filler)
      // Downloaded twice, because the first download did not fit on the disk.
      yield* eventually(privx.count(server.simulator, "Ueba.downloadSetupScript"), (count) => count >= 2)
      assert.isNull((yield* server.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" })).json.endedAt)
      const full = yield* server.ask("GET", "/readyz")
      assert.strictEqual(full.status, 503, full.text)
      assert.deepStrictEqual(full.json, {
        ready: false,
        reason: "the disk of the data directory is full"
      })
      assert.strictEqual(full.headers.get("retry-after"), "5")
      fs.rmSync(filler)
      yield* eventually(server.ask("GET", "/readyz"), ({ status }) => status === 200)
      const ended = yield* server.reached(run.id, "succeeded")
      assert.strictEqual(ended.sha256, server.simulator.scriptSha256)
      assert.strictEqual((yield* server.ask("GET", "/api/v1/runs", { as: "viewer" })).json.runs.length, 1)
    })
  )

  it.live("is not waited out by those who wait for a run, which can be cancelled", (context) =>
    Effect.gen(function* () {
      const disk = yield* temporary.smallDisk("64k")
      if (disk === undefined) return context.skip("this user may not mount a file system")
      temporary.fill(path.join(disk, "filler"))
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      yield* session(
        simulator,
        dataDir,
        Effect.gen(function* () {
          const failure = yield* Effect.flip(setup(simulator, { output: path.join(disk, "out") }))
          assert.deepInclude(failure, { _tag: "StorageFailed", reason: "full" })
          const run = yield* only
          assert.strictEqual(run.status, "running")
          yield* Effect.provide(RunActions.cancel(run, "mia"), RunAccess.layer(dataDir, "write"))
          const cancelled = yield* eventually(only, ({ endedAt }) => endedAt !== null)
          assert.strictEqual(cancelled.status, "cancelled")
        })
      )
    })
  )
})
