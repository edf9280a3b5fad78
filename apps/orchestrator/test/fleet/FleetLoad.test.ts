/**
 * A fleet with hundreds of hosts, on a PrivX that refuses or aborts a third of all calls. Part of the crash suite,
 * because it is slow.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as privx from "../support/privx.ts"
import * as fleets from "../support/fleets.ts"

const none = { succeeded: 0, failed: 0, cancelled: 0, waiting: 0, new: 0, unchanged: 0, changed: 0 }

describe("a fleet", () => {
  it.live(
    "300 hosts end well while a third of the calls fail retryably",
    () =>
      Effect.gen(function* () {
        const { dataDir, file } = yield* fleets.place
        const simulator = yield* fleets.start({
          seed: 3,
          faults: [
            "createSession:503/MAX_LOAD%20",
            "createSession:reset%5",
            "downloadSetupScript:429/TOO_MANY_CONNECTIONS%20",
            "downloadSetupScript:truncate@100%5",
            "token:503/MAX_LOAD%10"
          ]
        })
        const fleet = yield* fleets.read(simulator, file, fleets.text(simulator, 300, { concurrency: 24 }))
        const { counts } = yield* fleets.session(dataDir, fleet, fleets.apply, undefined, privx.perseverance)
        assert.deepStrictEqual(counts, { ...none, hosts: 300, succeeded: 300, new: 300 })
        const manifests = fs.readdirSync(path.join(dataDir, "manifests")).filter((file) => file.endsWith(".json"))
        assert.strictEqual(manifests.length, 300)
      }),
    600_000
  )
})
