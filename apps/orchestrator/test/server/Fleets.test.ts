/** Fleets that are submitted to a server on one machine. */
import { assert, describe, it } from "@effect/vitest"
import type { Options as SimulatorOptions } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"
import { FleetPrivxHosts } from "../../src/fleet/FleetPrivxHosts.ts"
import * as HostPolicy from "../../src/fleet/HostPolicy.ts"
import * as EmbeddedStorage from "../../src/server/EmbeddedStorage.ts"
import * as cli from "../support/cli.ts"
import * as fleets from "../support/fleets.ts"
import * as privxes from "../support/privx.ts"
import * as served from "../support/served.ts"
import { eventually } from "@privx-kit/testing/eventually"

const accepted: HostPolicy.Accepted = { hosts: ["127.*"], insecureHttp: false }

const place = Effect.fnUntraced(function* (
  options: { readonly simulator?: SimulatorOptions; readonly concurrency?: number } = {}
) {
  const privx = yield* fleets.start(options.simulator)
  const { dataDir, file, directory } = yield* fleets.place
  const secrets = path.join(directory, "secrets")
  fs.mkdirSync(secrets)
  /** A server that runs until the scope closes. */
  const serve = served.on(
    EmbeddedStorage.layer({ dataDir, concurrency: options.concurrency ?? 4 }).pipe(
      Layer.provide(FleetPrivxHosts.layer([])),
      Layer.provide(
        HostPolicy.layer(accepted, {
          environment: { ...fleets.environment(privx), PRIVX_KIT_DATABASE_URL: "postgres://a:b@c/d" },
          variables: ["FLEET_*", "PRIVX_*"],
          directory: secrets
        })
      ),
      Layer.provide(privxes.patience)
    ),
    { target: "https://privx.invalid", tokenFile: path.join(directory, "tokens.toml"), fleetHosts: accepted }
  )
  return { dataDir, file, directory, privx, secrets, serve }
})

type Server = Effect.Success<Effect.Success<ReturnType<typeof place>>["serve"]>

const at =
  (server: Server, role: string) =>
  (...args: ReadonlyArray<string>) =>
    served.cli({ PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf(role) }, ...args)

const result = (ended: cli.Ended) => cli.json(ended).result as ReturnType<typeof JSON.parse>

describe("a fleet at a server", () => {
  it.live("is not approved by its submitter, host by host", () =>
    Effect.gen(function* () {
      const { file, privx, serve } = yield* place()
      const server = yield* serve
      fs.writeFileSync(file, fleets.text(privx, 3, {}, { require_approval: "always" }))
      const admin = at(server, "admin")
      const applied = yield* admin("fleet", "apply", file, "--json")
      assert.strictEqual(applied.code, 28, applied.stderr)
      assert.deepInclude(result(applied).counts, { hosts: 3, waiting: 3 })
      const [first] = result(applied).hosts
      const shown = yield* server.ask("GET", `/api/v1/runs/${first.runId}`, { as: "viewer" })
      assert.strictEqual(shown.json.requestedBy, "admin")
      const own = yield* server.decide(first.runId, "admin")
      assert.deepInclude(own.json, { status: 403, type: "urn:privx-kit:problem:FourEyes" })
      // Another submission of the same fleet does not start a waiting host again.
      const joined = yield* at(server, "operator")("fleet", "apply", file, "--only", "h2", "--json")
      assert.strictEqual(result(joined).hosts[0].runId, result(applied).hosts[1].runId)
      for (const { runId } of result(applied).hosts) {
        const decided = yield* server.decide(runId, "approver")
        assert.strictEqual(decided.status, 200, decided.text)
        yield* server.reached(runId, "succeeded")
      }
      const show = yield* at(server, "viewer")("fleet", "show", result(applied).runId, "--json")
      assert.deepInclude(result(show).counts, { succeeded: 3, waiting: 0 })
      assert.strictEqual((yield* at(server, "viewer")("fleet", "status", file)).code, 0)
    })
  )

  it.live("is not approved by its submitter, even if another person submitted the rest of it", () =>
    Effect.gen(function* () {
      const { privx, serve } = yield* place({ simulator: { faults: ["downloadSetupScript:stall@100"] } })
      const server = yield* serve
      const definition = fleets.text(privx, 2, { concurrency: 1 }, { require_approval: "always" })
      const applied = yield* server.ask("POST", "/api/v1/fleets", { as: "admin", body: { definition } })
      const id = String(applied.json.run.id)
      const shown = Effect.map(server.ask("GET", `/api/v1/fleets/${id}`, { as: "viewer" }), ({ json }) => json)
      const statuses = (wanted: ReadonlyArray<string | null>) =>
        eventually(shown, ({ hosts }) => wanted.every((status, index) => hosts[index].status === status))
      yield* statuses(["running", null])
      yield* server.ask("POST", `/api/v1/runs/${id}/cancel`, { as: "admin" })
      yield* server.reached(id, "cancelled")
      yield* Effect.orDie(privx.simulator.setFaults([]))
      yield* server.ask("POST", `/api/v1/runs/${id}/retry`, { as: "operator" })
      const { hosts } = yield* statuses(["waiting", "waiting"])
      for (const { runId } of hosts) {
        const own = yield* server.decide(runId, "admin")
        assert.deepInclude(own.json, { status: 403, type: "urn:privx-kit:problem:FourEyes" })
      }
    })
  )

  it.live("is checked before anything is recorded, and findings name line and column", () =>
    Effect.gen(function* () {
      const { file, privx, serve } = yield* place()
      const server = yield* serve
      const definition = [
        "version: 1",
        "name: test",
        "hosts:",
        "  - { name: a, base_url: 'https://elsewhere.example.org', credentials: { token_env: FLEET_SECRET } }",
        `  - { name: b, base_url: '${privx.url(1)}', credentials: { token_env: A, client_id: x }, nmae: c }`,
        `  - { name: c, base_url: '${privx.url(2)}', policy: policy.toml, ca_file: ca.pem }`
      ].join("\n")
      const answer = yield* server.ask("POST", "/api/v1/fleets", {
        as: "operator",
        body: { definition, file: "prod.yaml" }
      })
      assert.strictEqual(answer.status, 400)
      assert.deepInclude(answer.json, { type: "urn:privx-kit:problem:SettingsError", code: "settings" })
      assert.deepStrictEqual(
        answer.json.fields.problems.map(({ at, problem }: { at: { line: number }; problem: string }) => [
          at.line,
          problem
        ]),
        [
          [4, "is not a PrivX host for which this server accepts fleets"],
          [5, "is not a known field"],
          [6, "specifies no way to log in"],
          [6, "names a file that was not sent with the definition"],
          [6, "names a file that was not sent with the definition"]
        ]
      )
      assert.strictEqual(answer.json.fields.problems[0].at.path, "prod.yaml")
      // The command line reports the same, with the exit code for a wrong setting.
      fs.writeFileSync(file, definition.split("\n").slice(0, 4).join("\n"))
      const ended = yield* at(server, "operator")("fleet", "apply", file)
      assert.strictEqual(ended.code, 3)
      assert.match(
        ended.stderr,
        /fleet\.yaml:4:\d+: hosts\[0\]\.base_url is not a PrivX host for which this server accepts fleets/
      )
      fs.writeFileSync(file, fleets.text(privx, 1))
      for (const role of ["viewer", "approver"]) {
        assert.strictEqual((yield* at(server, role)("fleet", "apply", file)).code, 8)
      }
      assert.deepStrictEqual(result(yield* at(server, "viewer")("runs", "list", "--parts", "--json")).runs, [])
    })
  )

  it.live("gets credentials from where the server lets it, and from nowhere else", () =>
    Effect.gen(function* () {
      const { file, directory, privx, secrets, serve } = yield* place()
      const { clientId } = privx.simulator.apiClient
      const { FLEET_OAUTH_SECRET = "", FLEET_SECRET = "" } = fleets.environment(privx)
      fs.writeFileSync(path.join(secrets, "h1"), FLEET_SECRET, { mode: 0o600 })
      fs.writeFileSync(path.join(directory, "outside"), FLEET_SECRET, { mode: 0o600 })
      fs.symlinkSync(path.join(directory, "outside"), path.join(secrets, "link"))
      const client = (client_secret_file: string) => ({
        credentials: { client_id: clientId, client_secret_file, oauth_client_secret_env: "FLEET_OAUTH_SECRET" }
      })
      const hosts = [
        client("{name}"),
        client("../outside"),
        client("link"),
        client("none"),
        { credentials: { token_env: "PRIVX_KIT_DATABASE_URL" } },
        { credentials: { toml_file: path.join(directory, "fleet.yaml") } }
      ]
      const { oauthClientId } = privx.simulator.apiClient
      fs.writeFileSync(
        file,
        fleets.text(privx, hosts.length, {}, { credentials: {} }, (index) => {
          const host = hosts[index - 1] ?? client("")
          return "client_id" in host.credentials
            ? { credentials: { ...host.credentials, oauth_client_id: oauthClientId } }
            : host
        })
      )
      const server = yield* serve
      const ended = yield* at(server, "operator")("fleet", "apply", file, "--json")
      assert.strictEqual(ended.code, 27, ended.stderr)
      const messages = result(ended).hosts.map((host: { failure: { message: string } | null }) => host.failure?.message)
      assert.isUndefined(messages[0])
      assert.match(
        messages[1],
        /client_secret_file names \.\.\/outside, which is not in the directory of --fleet-secrets/
      )
      assert.match(messages[2], /client_secret_file names link, which is not in the directory of --fleet-secrets/)
      assert.match(messages[3], /client_secret_file names .*none, which does not exist/)
      assert.match(messages[4], /names PRIVX_KIT_DATABASE_URL, a variable that fleets may not use/)
      assert.match(messages[5], /toml_file names .*fleet\.yaml, which is not in the directory of --fleet-secrets/)
      assert.notInclude(ended.stdout + ended.stderr, FLEET_SECRET)
      assert.notInclude(ended.stdout + ended.stderr, FLEET_OAUTH_SECRET)
    })
  )

  it.live("leaves the places to its hosts, however many fleets there are", () =>
    Effect.gen(function* () {
      const { privx, serve } = yield* place({ concurrency: 2 })
      const server = yield* serve
      const ids = yield* Effect.forEach(["a", "b", "c", "d", "e"], (name) =>
        Effect.map(
          server.ask("POST", "/api/v1/fleets", {
            as: "operator",
            body: { definition: fleets.text(privx, 3, { name }) }
          }),
          (answer) => {
            assert.strictEqual(answer.status, 202, answer.text)
            return String(answer.json.run.id)
          }
        )
      )
      yield* Effect.forEach(ids, (id) => server.reached(id, "succeeded"))
    })
  )

  it.live("is one run for a key, and for the same hosts as long as it has not ended", () =>
    Effect.gen(function* () {
      const { privx, serve } = yield* place({ simulator: { faults: ["downloadSetupScript:stall@100"] } })
      const server = yield* serve
      const body = { definition: fleets.text(privx, 2) }
      const apply = (body: object, headers: Record<string, string> = {}) =>
        server.ask("POST", "/api/v1/fleets", { as: "operator", body, headers })
      const first = (yield* apply(body, { "idempotency-key": "nightly" })).json
      assert.isTrue(first.created)
      const same = (yield* apply(body)).json
      assert.deepStrictEqual([same.created, same.run.id], [false, first.run.id])
      const other = yield* apply({ definition: fleets.text(privx, 3) }, { "idempotency-key": "nightly" })
      assert.strictEqual(other.json.type, "urn:privx-kit:problem:InvalidInput")
      const part = (yield* apply({ ...body, only: ["h1"] })).json
      assert.deepStrictEqual(part.others, [first.run.id])
    })
  )

  it.live("is cancelled with its hosts", () =>
    Effect.gen(function* () {
      const { file, privx, serve } = yield* place({ simulator: { faults: ["downloadSetupScript:stall@100"] } })
      const server = yield* serve
      fs.writeFileSync(file, fleets.text(privx, 6, { concurrency: 2 }))
      const operator = at(server, "operator")
      const listed = Effect.map(server.ask("GET", "/api/v1/runs?parts=true", { as: "viewer" }), ({ json }) => json.runs)
      const cancel = Effect.gen(function* () {
        const runs = yield* eventually(
          listed,
          (runs) => runs.filter((run: { steps: ReadonlyArray<object> }) => run.steps.length > 1).length === 2
        )
        const { id } = runs.find((run: { kind: string }) => run.kind === "fleet")
        yield* server.ask("POST", `/api/v1/runs/${id}/cancel`, { as: "operator" })
      })
      const [applied] = yield* Effect.all([operator("fleet", "apply", file, "--json"), cancel], { concurrency: 2 })
      assert.strictEqual(applied.code, 20, applied.stderr)
      const statuses = (yield* listed).map((run: { status: string }) => run.status)
      assert.deepStrictEqual(statuses, ["cancelled", "cancelled", "cancelled"])
    })
  )

  it.live("is resumed by the next server, without its caller", () =>
    Effect.gen(function* () {
      const { file, privx, serve } = yield* place({ simulator: { faults: ["downloadSetupScript:stall@100"] } })
      const definition = fleets.text(privx, 8, { concurrency: 3 })
      const id = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* serve
          const { json } = yield* server.ask("POST", "/api/v1/fleets", { as: "operator", body: { definition } })
          yield* eventually(
            server.ask("GET", `/api/v1/fleets/${json.run.id}`, { as: "viewer" }),
            ({ json }) => json.hosts.filter((host: { status: string }) => host.status === "running").length === 3
          )
          return String(json.run.id)
        })
      )
      yield* Effect.orDie(privx.simulator.setFaults([]))
      const server = yield* serve
      yield* server.reached(id, "succeeded")
      fs.writeFileSync(file, definition)
      const plan = yield* at(server, "viewer")("fleet", "apply", file, "--plan", "--json")
      assert.deepInclude(result(plan).plan, { fleet: "test", continues: null })
      assert.isTrue(result(plan).plan.hosts.every(({ action }: { action: string }) => action === "again"))
    })
  )

  it.live("is watched from elsewhere: a round at each time of the schedule, and what has drifted", () =>
    Effect.gen(function* () {
      const { file, privx, serve } = yield* place()
      const server = yield* serve
      fs.writeFileSync(
        file,
        fleets.text(privx, 3, { schedule: { cron: "* * * * * *" } }, {}, (index) =>
          index === 2 ? { sha256: "9".repeat(64) } : {}
        )
      )
      const ended = yield* at(server, "operator")("fleet", "watch", file, "--rounds", "2", "--json")
      assert.strictEqual(ended.code, 29, ended.stderr)
      const rounds = ended.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).result)
      assert.strictEqual(rounds.length, 2)
      for (const round of rounds) {
        assert.deepInclude(round.counts, { succeeded: 2, failed: 1 })
        assert.deepStrictEqual(
          round.hosts.map(({ name, state }: { name: string; state: string }) => [name, state]),
          [["h2", "failing"]]
        )
      }
      const fleetRuns = result(yield* at(server, "viewer")("runs", "list", "--target", "fleet:test", "--json")).runs
      assert.deepStrictEqual(
        fleetRuns.map(({ id }: { id: string }) => id),
        rounds.map(({ runId }: { runId: string }) => runId).toReversed()
      )
      const [latest] = fleetRuns
      const retried = yield* at(server, "operator")("runs", "retry", latest.id, "--json")
      assert.strictEqual(retried.code, 27, retried.stderr)
      assert.deepInclude(result(retried).counts, { succeeded: 2, failed: 1 })
    })
  )

  it.live("is left alone by other processes in the data directory, and uses the connection of the server", () =>
    Effect.gen(function* () {
      const { dataDir, file, directory, privx } = yield* place({
        simulator: { faults: ["downloadSetupScript:stall@100"] }
      })
      const definition = fleets.text(privx, 2, {}, { credentials: { token_env: "FLEET_NOT_HERE" } })
      const known = yield* fleets.read(privx, file, fleets.text(privx, 1))
      const knowing = served.on(
        EmbeddedStorage.layer({ dataDir, concurrency: 2 }).pipe(
          Layer.provide(FleetPrivxHosts.layer([known])),
          Layer.provide(privxes.patience)
        ),
        { target: privx.url(1), tokenFile: path.join(directory, "tokens.toml"), fleetHosts: accepted }
      )
      const apply = (server: Server, body: object) =>
        server.ask("POST", "/api/v1/fleets", { as: "operator", body }).pipe(Effect.map(({ json }) => json))
      const id = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* knowing
          const { run } = yield* apply(server, { definition, only: ["h1"] })
          yield* eventually(
            server.ask("GET", `/api/v1/fleets/${run.id}`, { as: "viewer" }),
            ({ json }) => json.hosts[0].status === "running"
          )
          return String(run.id)
        })
      )
      yield* Effect.orDie(privx.simulator.setFaults([]))
      // A local command in between cannot connect to that host and leaves the run unchanged.
      const other = yield* fleets.read(
        privx,
        file,
        fleets.text(privx, 1, { name: "other" }, {}, () => ({ base_url: privx.url(9) }))
      )
      const { counts } = yield* fleets.session(dataDir, other, fleets.apply)
      assert.deepInclude(counts, { hosts: 1, succeeded: 1 })
      const server = yield* knowing
      yield* server.reached(id, "succeeded")
    })
  )

  it.live("has its scripts brought later, and says which could not be", () =>
    Effect.gen(function* () {
      const { file, directory, privx, serve } = yield* place()
      const server = yield* serve
      fs.writeFileSync(file, fleets.text(privx, 2, {}, { output: "out/{name}", mode: "0750" }))
      fs.mkdirSync(path.join(directory, "out"))
      fs.writeFileSync(path.join(directory, "out", "h2"), "a file where a directory is wanted")
      const operator = at(server, "operator")
      const applied = yield* operator("fleet", "apply", file)
      assert.strictEqual(applied.code, 27, applied.stderr)
      assert.match(applied.stdout, /h2 +✗ failed .*NotBrought: /)
      assert.notInclude(applied.stdout, "fleet retry")
      const id = /fleet show (\S+) --file FILE/.exec(applied.stdout)?.[1] ?? ""
      const script = (name: string) => path.join(directory, "out", name, "privx-ueba-setup.sh")
      assert.strictEqual(fs.statSync(script("h1")).mode & 0o777, 0o750)
      assert.strictEqual((yield* operator("fleet", "show", id)).code, 0)

      fs.rmSync(path.join(directory, "out"), { recursive: true })
      const brought = yield* operator("fleet", "show", id, "--file", file, "--json")
      assert.strictEqual(brought.code, 0, brought.stderr)
      assert.deepInclude(result(brought).counts, { succeeded: 2, failed: 0 })
      assert.deepStrictEqual(fs.readFileSync(script("h2")), Buffer.from(privx.simulator.script))

      // Another file uses the same names for other hosts: its directories are not for these scripts.
      fs.rmSync(path.join(directory, "out"), { recursive: true })
      const others = (index: number) => (index === 1 ? { base_url: privx.url(7) } : { sha256: "9".repeat(64) })
      fs.writeFileSync(file, fleets.text(privx, 2, {}, { output: "out/{name}" }, others))
      const foreign = yield* operator("fleet", "show", id, "--file", file, "--server", server.url.origin)
      assert.strictEqual(foreign.code, 27)
      assert.include(foreign.stdout, `fleet show ${id} --server ${server.url.origin} --file FILE`)
      assert.match(
        foreign.stdout,
        /h1 .*NotBrought: The fleet file has another base URL .*\n.*h2 .*NotBrought: The script does not match/
      )
      assert.isFalse(fs.existsSync(path.join(directory, "out")))
    })
  )
})
