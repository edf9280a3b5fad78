/**
 * The configuration from which PrivX generates a script: every setup requests and stores it, and it can be compared
 * offline.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"
import * as privx from "../support/privx.ts"
import { place, session, setup } from "../support/setups.ts"
import * as simulated from "../support/simulated.ts"

const expectedOf = (manifest: string): Record<string, unknown> => JSON.parse(fs.readFileSync(manifest, "utf8")).expected

const verify = Effect.fnUntraced(function* (script: string, manifest: string) {
  const args = ["verify", script, "--manifest", manifest, "--json", "--data-dir", "/nonexistent"]
  const { result } = cli.json(yield* inProcess.run(args))
  const { findings } = result as {
    readonly findings: ReadonlyArray<{ readonly name: string; readonly outcome: string; readonly detail: string }>
  }
  return new Map(findings.map(({ detail, name, outcome }) => [name, `${outcome}: ${detail}`]))
})

describe("the UEBA configuration", () => {
  it.live("is in the manifest, and is compared with the script once more offline", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir, output } = yield* place
      const result = yield* session(simulator, dataDir, setup(simulator, { output }))
      assert.deepStrictEqual(expectedOf(result.manifest)["configuration"], {
        address: SetupScript.address,
        trust_anchors: SetupScript.trustAnchor
      })
      const script = result.delivered ?? ""
      const before = yield* verify(script, result.manifest)
      assert.strictEqual(before.get("check:configuredAddress"), `passed: passed, as in the run: ${SetupScript.address}`)
      assert.strictEqual(before.get("check:configuredTrustAnchors"), "passed: passed, as in the run: 1 as configured")
      const other = fs.readFileSync(script, "utf8").replaceAll(SetupScript.address, "ueba.example.org:8000")
      fs.writeFileSync(script, other)
      const after = yield* verify(script, result.manifest)
      assert.match(after.get("check:configuredAddress") ?? "", /^failed: .*is not in the script/)
    })
  )

  it.live("warns of a script that is for another host than PrivX is configured for, and refuses it by policy", () =>
    Effect.gen(function* () {
      const { env, home } = yield* simulated.start({
        script: SetupScript.make({ address: "ueba.example.org:8000" }),
        configuration: SetupScript.configuration
      })
      const policy = path.join(home, "policy.toml")
      const run = (...flags: ReadonlyArray<string>) =>
        cli.run(["ueba", "setup", "--new", "--json", "--data-dir", path.join(home, "data"), ...flags], { env })
      const warned = yield* run()
      assert.strictEqual(warned.code, 0)
      fs.writeFileSync(policy, '[checks]\nconfiguredAddress = "required"\n')
      const refused = yield* run("--policy", policy)
      assert.strictEqual(refused.code, 13)
      assert.match(
        refused.stderr,
        /✗ Configured address \(configuredAddress\) required\n +ueba\.simulator\.invalid:8000 is not in the script/
      )
    })
  )

  it.live("is not asked for where the policy has one, or compares with none", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ configuration: { address: "elsewhere:1", trust_anchors: "" } })
      const { dataDir } = yield* place
      const off = { certificateNames: "off", configuredAddress: "off", configuredTrustAnchors: "off" } as const
      for (const policy of [{ configuration: SetupScript.configuration }, { checks: off }]) {
        const result = yield* session(simulator, dataDir, setup(simulator, { fresh: true, policy }))
        assert.notProperty(expectedOf(result.manifest), "configuration")
      }
      assert.strictEqual(yield* privx.count(simulator, "Ueba.configuration"), 0)
    })
  )

  it.live("may be missing in the journal: an earlier version did not ask", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start()
      const { dataDir } = yield* place
      const pending = yield* session(
        simulator,
        dataDir,
        Effect.flip(setup(simulator, { requireApproval: "always", noWait: true }))
      )
      assert(pending._tag === "ApprovalPending")
      const database = new DatabaseSync(SqliteStorage.databaseFile(dataDir))
      const exits = database
        .prepare("SELECT exit FROM activity_exits")
        .all()
        .map(({ exit }) => String(exit))
      const recorded = exits.filter((exit) => exit.includes('"configuration":'))
      assert.strictEqual(recorded.length, 1)
      const replace = database.prepare("UPDATE activity_exits SET exit = ? WHERE exit = ?")
      for (const exit of recorded) replace.run(exit.replace(/"configuration":\{.*?\},/, ""), exit)
      database.close()
      const approve = ["runs", "approve", pending.runId, "--sha256", pending.sha256, "--data-dir", dataDir]
      assert.strictEqual((yield* inProcess.run(approve)).code, 0)
      const result = yield* session(simulator, dataDir, setup(simulator, { runId: pending.runId }))
      assert.notProperty(expectedOf(result.manifest), "configuration")
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )
})
