import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"
import { interruptedInDownload } from "../../support/setups.ts"
import * as simulated from "../../support/simulated.ts"

describe("unfinished runs of a data directory", () => {
  for (const flags of [[], ["--new"]]) {
    it.live(`are left alone and named by ueba setup ${flags.join("")}`, () =>
      Effect.gen(function* () {
        const { config, home, simulator } = yield* simulated.start()
        const dataDir = path.join(home, "data")
        const output = path.join(home, "first")
        const first = yield* interruptedInDownload(simulator, dataDir, { output })
        const run = (...args: ReadonlyArray<string>) =>
          inProcess.run([...args, "--config", config, "--data-dir", dataDir])

        const second = yield* run("ueba", "setup", "--output", path.join(home, "second"), ...flags)
        assert.strictEqual(second.code, 0, second.stderr)
        assert.include(second.stderr, `Run ${first.id} for ${simulator.url.origin} is unfinished. It is left alone.`)
        assert.include(second.stderr, `privx-kit ueba setup --run ${first.id} --data-dir ${dataDir}\n`)
        assert.include(second.stderr, `privx-kit runs cancel ${first.id} --data-dir ${dataDir}\n`)
        assert.isFalse(fs.existsSync(output))
        const shown = yield* run("runs", "show", first.id, "--json")
        assert.deepInclude(cli.json(shown).result, { status: "interrupted" })

        const resumed = yield* run("ueba", "setup", "--output", output, "--json")
        assert.strictEqual(resumed.code, 0, resumed.stderr)
        assert.deepInclude(cli.json(resumed).result, { runId: first.id })
        assert.notInclude(resumed.stderr, "left alone")
        assert.isTrue(fs.existsSync(output))
      })
    )
  }
})
