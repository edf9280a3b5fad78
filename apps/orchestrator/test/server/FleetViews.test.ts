/** The views of a server of the rounds of a fleet: state, labels, schedule, and the differences between two rounds. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { eventually } from "@privx-kit/testing/eventually"
import * as cli from "../support/cli.ts"
import * as fleets from "../support/fleets.ts"
import * as fleetServer from "../support/fleetServer.ts"
import * as served from "../support/served.ts"

const labelled = (index: number) => ({ labels: { site: index === 1 ? "hel" : "tre" } })

describe("the rounds of a fleet at a server", { timeout: 60_000 }, () => {
  it.live("have a state and a reason for each host, labels, and the next time of the schedule", () =>
    Effect.gen(function* () {
      const { privx, server } = yield* fleetServer.start()
      const definition = fleets.text(
        privx,
        3,
        { schedule: { cron: "0 3 * * *", time_zone: "Europe/Helsinki" } },
        {},
        (index) => ({ ...labelled(index), ...(index === 3 ? { sha256: "9".repeat(64) } : {}) })
      )
      const { run } = yield* server.apply({ definition })
      yield* server.reached(run.id, "failed")
      const { json } = yield* server.ask("GET", `/api/v1/fleets/${run.id}/status`, { as: "viewer" })
      assert.deepInclude(json, {
        fleet: "test",
        latest: run.id,
        schedule: { cron: "0 3 * * *", timeZone: "Europe/Helsinki", makeUp: false }
      })
      assert.isAbove(Date.parse(json.nextRound), Date.now())
      assert.include(["00:00", "01:00"], String(json.nextRound).slice(11, 16))
      const [h1, , h3] = json.hosts
      assert.deepInclude(h1, { name: "h1", labels: { site: "hel" }, state: "ok", drifted: false, reason: null })
      assert.deepInclude(h3, { name: "h3", labels: { site: "tre" }, state: "failing", drifted: true })
      assert.include(h3.reason.message, "SHA-256")
      assert.isNotEmpty(h3.reason.hint)
      // A caller with the file receives the same.
      const standing = yield* server.ask("POST", "/api/v1/fleets/status", { as: "viewer", body: { definition } })
      assert.deepStrictEqual(standing.json.hosts, json.hosts)
    })
  )

  it.live("have no next time where the time zone is not known, and the one of the command that submitted them", () =>
    Effect.gen(function* () {
      const { directory, privx, server } = yield* fleetServer.start()
      const definition = fleets.text(privx, 1, { schedule: { cron: "0 3 * * *" } })
      const body = { definition }
      const unknown = yield* server.ask("POST", "/api/v1/fleets/status", { as: "viewer", body })
      assert.deepInclude(unknown.json, {
        nextRound: null,
        schedule: { cron: "0 3 * * *", timeZone: null, makeUp: false }
      })
      const wrong = { definition, timeZone: "Europe/Nowhere" }
      assert.strictEqual(
        (yield* server.ask("POST", "/api/v1/fleets/status", { as: "viewer", body: wrong })).status,
        400
      )
      const file = path.join(directory, "fleet.yaml")
      fs.writeFileSync(file, definition)
      const at = { PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("viewer") }
      const status = yield* served.cli(at, "fleet", "status", file)
      assert.match(status.stdout, /Next round: .* \(0 3 \* \* \*, .*\), by privx-kit fleet watch/)
    })
  )

  it.live("are compared with the round before, and with what a file would change", () =>
    Effect.gen(function* () {
      const { directory, privx, server } = yield* fleetServer.start()
      const first = yield* server.apply({ definition: fleets.text(privx, 2, {}, {}, labelled) })
      yield* server.reached(first.run.id, "succeeded")
      const alone = yield* server.ask("GET", `/api/v1/fleets/${first.run.id}/plan`, { as: "viewer" })
      assert.deepStrictEqual(alone.json.diff, { since: null, fields: [], hosts: [], unchanged: 0 })
      assert.deepStrictEqual(
        alone.json.hosts.map(({ action }: { readonly action: string }) => action),
        ["again", "again"]
      )
      const changed = fleets.text(privx, 3, { concurrency: 2 }, { require_approval: "changed" }, (index) =>
        index === 2 ? { labels: { site: "oul" } } : labelled(index)
      )
      const wanted = [
        {
          name: "h1",
          change: "changed",
          fields: [{ field: "inputs.requireApproval", before: null, after: "changed" }]
        },
        {
          name: "h2",
          change: "changed",
          fields: [
            { field: "labels.site", before: "tre", after: "oul" },
            { field: "inputs.requireApproval", before: null, after: "changed" }
          ]
        },
        { name: "h3", change: "added", fields: [] }
      ]
      const file = path.join(directory, "fleet.yaml")
      fs.writeFileSync(file, changed)
      const at = { PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("viewer") }
      const planned = yield* served.cli(at, "fleet", "apply", file, "--plan")
      assert.match(planned.stdout, /Compared with the round of .*\n {2}~ concurrency: 4 → 2\n {2}~ h1\n/)
      assert.include(planned.stdout, "      labels.site: tre → oul")
      assert.include(planned.stdout, "  + h3")
      const asJson = cli.json(yield* served.cli(at, "fleet", "apply", file, "--plan", "--json"))
      const { plan } = asJson.result as { readonly plan: { readonly diff: object } }
      assert.deepInclude(plan.diff, { hosts: wanted, unchanged: 0 })
      const second = yield* server.apply({ definition: changed })
      yield* server.reached(second.run.id, "succeeded")
      const { json } = yield* server.ask("GET", `/api/v1/fleets/${second.run.id}/plan`, { as: "viewer" })
      assert.deepStrictEqual(json.diff.hosts, wanted)
      assert.strictEqual(json.diff.since.runId, first.run.id)
      // For an earlier round, the response names the last one.
      const before = yield* server.ask("GET", `/api/v1/fleets/${first.run.id}/status`, { as: "viewer" })
      assert.strictEqual(before.json.latest, second.run.id)
    })
  )

  it.live("take over labels and schedule when the same fleet is submitted again while it is unfinished", () =>
    Effect.gen(function* () {
      const { privx, server } = yield* fleetServer.start({ faults: ["downloadSetupScript:stall@100"] })
      const first = yield* server.apply({ definition: fleets.text(privx, 2, {}, {}, labelled) })
      const schedule = { cron: "0 3 * * *", time_zone: "UTC" }
      const again = yield* server.apply({
        definition: fleets.text(privx, 2, { schedule }, {}, () => ({ labels: { stage: "test" } }))
      })
      assert.strictEqual(again.run.id, first.run.id)
      const { json } = yield* server.ask("GET", `/api/v1/fleets/${first.run.id}/status`, { as: "viewer" })
      assert.deepStrictEqual(json.schedule, { cron: "0 3 * * *", timeZone: "UTC", makeUp: false })
      assert.deepStrictEqual(json.hosts[1].labels, { stage: "test" })
      yield* Effect.orDie(privx.simulator.setFaults([]))
      yield* server.ask("POST", `/api/v1/runs/${first.run.id}/cancel`, { as: "operator" })
      yield* eventually(
        server.ask("GET", `/api/v1/runs/${first.run.id}`, { as: "viewer" }),
        ({ json }) => json.endedAt !== null
      )
    })
  )
})
