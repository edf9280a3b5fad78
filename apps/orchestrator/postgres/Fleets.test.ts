/** Fleets that are handed to a server and executed by workers on Postgres, as the command line sees them. */
import { assert, describe, it } from "@effect/vitest"
import type { Options as SimulatorOptions } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as SharedStorage from "../src/server/SharedStorage.ts"
import * as cli from "../test/support/cli.ts"
import * as fleets from "../test/support/fleets.ts"
import * as program from "@privx-kit/testing/program"
import * as served from "../test/support/served.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as support from "./support.ts"

const database = support.server()

/** A server without credentials, workers that have them, and a client with the file. */
const place = Effect.fnUntraced(function* (simulator: SimulatorOptions = {}) {
  const privx = yield* fleets.start(simulator)
  const url = yield* support.database(database())
  const { file, directory } = yield* fleets.place
  const server = yield* served.on(SharedStorage.layer({ url, maxConnections: 4 }), {
    target: "https://privx.invalid",
    tokenFile: path.join(directory, "tokens.toml"),
    fleetHosts: { hosts: ["127.*"], insecureHttp: false }
  })
  /** A worker as a process of its own. */
  const worker = Effect.gen(function* () {
    const started = yield* program.start(
      cli.program,
      ["worker", "--fleet-hosts=127.*", "--fleet-env=FLEET_*", "--json", `--data-dir=${path.join(directory, "keys")}`],
      { env: { ...fleets.environment(privx), PRIVX_KIT_DATABASE_URL: Redacted.value(url) } }
    )
    yield* started.line("privx-kit worker")
    return started
  })
  /** Another server, as a process of its own. Answers where it is. */
  const another = Effect.gen(function* () {
    const args = ["--fleet-hosts=127.*", "--listen=127.0.0.1:0", `--tokens=${server.tokenFile}`, "--json"]
    const started = yield* program.start(cli.program, ["serve", ...args], {
      env: { PRIVX_KIT_DATABASE_URL: Redacted.value(url) }
    })
    return new URL(JSON.parse(`{${yield* started.line("{")}`).result.url)
  })
  const as =
    (role: string, { origin } = server.url) =>
    (...args: ReadonlyArray<string>) =>
      served.cli({ PRIVX_KIT_SERVER: origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf(role) }, ...args)
  const rows = <A extends object>(statement: string) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<A>(statement)).pipe(Effect.provide(support.record(url)))
  return { another, as, file, directory, privx, rows, server, worker }
})

const result = (ended: cli.Ended) => cli.json(ended).result as ReturnType<typeof JSON.parse>

describe("a fleet at a server on Postgres", { timeout: 120_000 }, () => {
  it.live("is executed by the workers: table, exit code and scripts are those of a fleet on this machine", () =>
    Effect.gen(function* () {
      const { another, as, file, directory, privx, rows, worker } = yield* place()
      fs.writeFileSync(
        file,
        fleets.text(privx, 6, {}, { output: "scripts/{name}" }, (index) =>
          index === 2
            ? { sha256: "9".repeat(64) }
            : index === 3
              ? { credentials: { token_env: "FLEET_NOBODY_HAS_SET" } }
              : index === 4
                ? { credentials: { token_env: "HOME" } }
                : {}
        )
      )
      const operator = as("operator", yield* another)
      const plan = yield* operator("fleet", "apply", file, "--plan")
      assert.strictEqual(plan.code, 0, plan.stderr)
      assert.match(plan.stdout, /h1 +set up for the first time +never/)

      yield* worker
      const applied = yield* operator("fleet", "apply", file)
      assert.strictEqual(applied.code, 27, applied.stderr)
      assert.match(applied.stdout, /h1 +✓ succeeded/)
      assert.match(applied.stdout, /h2 +✗ failed .*VerificationFailed/)
      assert.match(
        applied.stdout,
        /h3 +✗ failed .*HostUnusable: .*token_env names FLEET_NOBODY_HAS_SET, which is not set/
      )
      assert.match(
        applied.stdout,
        /h4 +✗ failed .*HostUnusable: .*token_env names HOME, a variable that fleets may not use/
      )
      assert.include(applied.stdout, "3 of 6 hosts done, 3 failed")
      const script = fs.readFileSync(path.join(directory, "scripts", "h1", "privx-ueba-setup.sh"))
      assert.strictEqual(crypto.hash("sha256", script, "hex"), privx.simulator.scriptSha256)
      assert.isFalse(fs.existsSync(path.join(directory, "scripts", "h2")))

      const [fleet] = result(yield* operator("runs", "list", "--json")).runs
      assert.strictEqual(fleet.target, "fleet:test")
      const shown = yield* as("viewer")("fleet", "show", fleet.id.slice(0, 8), "--json")
      assert.deepInclude(result(shown).counts, { hosts: 6, succeeded: 3, failed: 3 })
      assert.strictEqual(result(shown).hosts[2].failure.tag, "HostUnusable")
      const status = yield* as("viewer")("fleet", "status", file)
      assert.strictEqual(status.code, 29, status.stderr)
      assert.match(status.stdout, /h1 +✓ up to date/)
      assert.match(status.stdout, /h2 +! last run failed/)

      const retried = yield* operator("fleet", "retry", fleet.id, "--json")
      assert.strictEqual(retried.code, 27, retried.stderr)
      assert.deepInclude(result(retried).counts, { succeeded: 3, failed: 3 })
      const again = yield* rows<{ target: string; attempt: number }>(
        "SELECT target, attempt FROM runs WHERE parent_id IS NOT NULL AND attempt = 2"
      )
      assert.strictEqual(again.length, 3)

      const { clientSecret, oauthClientSecret } = privx.simulator.apiClient
      const tables = ["runs", "fleet_plans", "run_requests", "activity_exits", "cluster_messages", "cluster_replies"]
      const everything = yield* Effect.forEach(tables, (table) =>
        Effect.map(rows<{ text: string }>(`SELECT kept::text AS text FROM ${table} AS kept`), (found) =>
          found.map(({ text }) => text).join("\n")
        )
      )
      assert.include(everything.join("\n"), "FLEET_SECRET")
      for (const secret of [clientSecret, oauthClientSecret])
        assert.notInclude(everything.join("\n"), Redacted.value(secret))
    })
  )

  it.live("loses nothing and does nothing twice when of its workers one is killed and another one ends", () =>
    Effect.gen(function* () {
      const hosts = 40
      const { as, file, privx, rows, worker } = yield* place({
        faults: ["downloadSetupScript:delay=150ms", "createSession:503/MAX_LOAD%20"]
      })
      const bad = 4
      fs.writeFileSync(
        file,
        fleets.text(privx, hosts, { concurrency: 6 }, {}, (index) =>
          index % (hosts / bad) === 0 ? { sha256: "9".repeat(64) } : {}
        )
      )
      const [first, second] = [yield* worker, yield* worker]
      const done = rows<{ count: number }>(
        "SELECT count(*)::int AS count FROM runs WHERE parent_id IS NOT NULL AND ended_at IS NOT NULL"
      )
      const after = (count: number) => eventually(done, ([row]) => (row?.count ?? 0) >= count)
      // One of the two has the fleet run itself in its hands.
      const killing = Effect.gen(function* () {
        yield* after(6)
        yield* first.kill
        yield* worker
        yield* after(16)
        yield* second.signal("SIGTERM")
      })
      const [applied] = yield* Effect.all([as("operator")("fleet", "apply", file, "--json"), killing], {
        concurrency: 2
      })
      assert.strictEqual(applied.code, 27, applied.stderr)
      assert.deepInclude(result(applied).counts, { hosts, succeeded: hosts - bad, failed: bad })
      const recorded = yield* rows<{ target: string; count: number; attempts: number }>(
        "SELECT target, count(*)::int AS count, max(attempt) AS attempts FROM runs WHERE parent_id IS NOT NULL GROUP BY target"
      )
      assert.strictEqual(recorded.length, hosts)
      for (const { attempts, count, target } of recorded) assert.deepStrictEqual([count, attempts], [1, 1], target)
      const provenance = yield* rows<{ count: number }>("SELECT count(*)::int AS count FROM provenance")
      assert.deepStrictEqual(provenance, [{ count: hosts - bad }])
    })
  )

  it.live("starts once, and sees approvals and a cancellation on any worker", () =>
    Effect.gen(function* () {
      const { as, file, privx, rows, server, worker } = yield* place()
      yield* worker
      yield* worker
      const definition = fleets.text(privx, 6, { concurrency: 3 }, { require_approval: "always" })
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => server.ask("POST", "/api/v1/fleets", { as: "admin", body: { definition } })),
        { concurrency: 8 }
      )
      const ids = new Set(answers.map(({ json }) => String(json.run.id)))
      assert.strictEqual(ids.size, 1, answers.map(({ text }) => text).join("\n"))
      const [id = ""] = ids
      yield* server.reached(id, "succeeded")
      const shown = yield* server.ask("GET", `/api/v1/fleets/${id}`, { as: "viewer" })
      assert.deepInclude(shown.json.counts, { hosts: 6, waiting: 6 })
      for (const { runId } of shown.json.hosts) {
        assert.strictEqual((yield* server.decide(runId, "admin")).json.type, "urn:privx-kit:problem:FourEyes")
        assert.strictEqual((yield* server.decide(runId, "approver")).status, 200)
      }
      for (const { runId } of shown.json.hosts) yield* server.reached(runId, "succeeded")

      yield* Effect.orDie(privx.simulator.setFaults(["downloadSetupScript:stall@100"]))
      fs.writeFileSync(file, fleets.text(privx, 6, { concurrency: 3 }))
      const cancelling = Effect.gen(function* () {
        const running = rows<{ parent: string }>(`
          SELECT parent_id AS parent FROM runs JOIN run_steps ON run_id = id
          WHERE runs.status = 'running' AND step = 'download' AND parent_id IS NOT NULL`)
        const [first] = yield* eventually(running, (found) => found.length === 3)
        return yield* as("operator")("runs", "cancel", first?.parent ?? "", "--json")
      })
      const [applied, cancelled] = yield* Effect.all([as("operator")("fleet", "apply", file, "--json"), cancelling], {
        concurrency: 2
      })
      assert.strictEqual(cancelled.code, 0, cancelled.stderr)
      assert.strictEqual(applied.code, 20, applied.stderr)
      const open = rows<{ status: string }>("SELECT status FROM runs WHERE ended_at IS NULL")
      yield* eventually(open, (found) => found.length === 0)
    })
  )
})
