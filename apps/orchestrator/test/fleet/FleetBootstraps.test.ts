/**
 * Fleets whose job is the bootstrap of UEBA. One simulator serves all hosts, so a single bootstrap completes all of them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetPrivxHosts } from "../../src/fleet/FleetPrivxHosts.ts"
import * as FleetReport from "../../src/fleet/FleetReport.ts"
import * as HostPolicy from "../../src/fleet/HostPolicy.ts"
import * as EmbeddedStorage from "../../src/server/EmbeddedStorage.ts"
import * as bootstraps from "../support/bootstraps.ts"
import * as cli from "../support/cli.ts"
import * as fleets from "../support/fleets.ts"
import * as privxes from "../support/privx.ts"
import * as served from "../support/served.ts"

const top = { job: "bootstrap", concurrency: 1 }

const defaults = {
  output: "scripts/{name}",
  bootstrap: {
    address: SetupScript.address,
    trust_anchors_file: "anchors.pem",
    dataset: { name: "production", start: "30d" },
    interval: "5ms"
  }
}

const start = Effect.gen(function* () {
  const privx = yield* fleets.start(bootstraps.options)
  const place = yield* fleets.place
  fs.writeFileSync(path.join(place.directory, "anchors.pem"), SetupScript.trustAnchor)
  return { privx, ...place }
})

describe("a fleet of bootstraps", () => {
  it.live("brings every host to an active model, and changes nothing when it is applied again", () =>
    Effect.gen(function* () {
      const { dataDir, file, privx } = yield* start
      const fleet = yield* fleets.read(privx, file, fleets.text(privx, 2, top, defaults))
      const apply = fleets.session(dataDir, fleet, (plan) =>
        Effect.gen(function* () {
          const { counts, runId } = yield* fleets.apply(plan)
          assert.deepInclude(counts, { hosts: 2, succeeded: 2, failed: 0 })
          return yield* FleetReport.of(runId)
        })
      )
      const first = yield* apply
      yield* bootstraps.assertOne(privx.simulator, "the fleet")
      // UEBA of the second host was already running, and needed no script.
      assert.deepStrictEqual(
        first.map(({ name, sha256, status }) => [name, sha256, status]),
        [
          ["h1", privx.simulator.scriptSha256, "succeeded"],
          ["h2", null, "succeeded"]
        ]
      )
      assert.deepStrictEqual(fs.readdirSync(path.join(path.dirname(file), "scripts")), ["h1"])
      const mutations = yield* bootstraps.mutations(privx.simulator)
      yield* apply
      assert.deepStrictEqual(yield* bootstraps.mutations(privx.simulator), mutations)
    })
  )

  it.live("is executed by a server, which gets the trust anchors with the file", () =>
    Effect.gen(function* () {
      const { dataDir, file, directory, privx } = yield* start
      const accepted: HostPolicy.Accepted = { hosts: ["127.*"], insecureHttp: false }
      const storage = EmbeddedStorage.layer({ dataDir, concurrency: 4 }).pipe(
        Layer.provide(FleetPrivxHosts.layer([])),
        Layer.provide(
          HostPolicy.layer(accepted, {
            environment: fleets.environment(privx),
            variables: ["FLEET_*"],
            directory: undefined
          })
        ),
        Layer.provide(privxes.patience)
      )
      const server = yield* served.on(storage, {
        target: "https://privx.invalid",
        tokenFile: path.join(directory, "tokens.toml"),
        fleetHosts: accepted
      })
      const command = (...args: ReadonlyArray<string>) =>
        served.cli({ PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("operator") }, ...args)
      fs.writeFileSync(file, fleets.text(privx, 2, top, defaults))
      const applied = yield* command("fleet", "apply", file, "--json")
      assert.strictEqual(applied.code, 0, applied.stderr)
      const { counts, hosts } = cli.json(applied).result as ReturnType<typeof JSON.parse>
      assert.deepInclude(counts, { hosts: 2, succeeded: 2 })
      yield* bootstraps.assertOne(privx.simulator, "the fleet at a server")
      const run = yield* server.ask("GET", `/api/v1/runs/${hosts[0].runId}`, { as: "viewer" })
      assert.deepInclude(run.json, { kind: "ueba-bootstrap", status: "succeeded" })
      assert.isTrue(fs.existsSync(path.join(directory, "scripts", "h1")))
      const status = yield* command("fleet", "status", file, "--json")
      assert.strictEqual(status.code, 0, status.stderr)
      const standing = cli.json(status).result as ReturnType<typeof JSON.parse>
      assert.deepStrictEqual(
        standing.hosts.map((host: { state: string; run: { sameInputs: boolean } }) => [
          host.state,
          host.run.sameInputs
        ]),
        [
          ["ok", true],
          ["ok", true]
        ]
      )
    })
  )

  it.live("is refused with line and column where something of it is wrong", () =>
    Effect.gen(function* () {
      const { file, privx } = yield* start
      const hosts = `[{ name: a, base_url: '${privx.url(1)}', credentials: { token_env: FLEET_SECRET } }]`
      const problems = (text: string) =>
        Effect.map(Effect.flip(fleets.read(privx, file, text)), ({ problems }) =>
          problems.map(({ at, problem }) => [at?.line, problem])
        )
      assert.deepStrictEqual(
        yield* problems(`version: 1\nname: t\ndefaults: { bootstrap: { address: a.example.com } }\nhosts: ${hosts}\n`),
        [[3, "has no effect unless the job is bootstrap"]]
      )
      const anchors = yield* problems(
        `version: 1\nname: t\njob: bootstrap\ndefaults:\n  bootstrap:\n    trust_anchors_file: none.pem\nhosts: ${hosts}\n`
      )
      assert.strictEqual(anchors[0]?.[0], 6)
      assert.match(String(anchors[0]?.[1]), /^names a file that cannot be used: /)
      const range = yield* problems(
        `version: 1\nname: t\njob: bootstrap\ndefaults:\n  bootstrap:\n    dataset: { start: 2026-02-01, end: 2026-01-01 }\nhosts: ${hosts}\n`
      )
      assert.deepStrictEqual(range, [[6, "has a range that does not start before it ends"]])
    })
  )
})
