/**
 * Isolation of callers from each other, the minimum requirements of a server, and the information that it reveals, over
 * real connections.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as http from "node:http"
import * as os from "node:os"
import * as path from "node:path"
import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import * as Operator from "@privx-kit/artifacts/Operator"
import * as Demands from "../../src/setup/Demands.ts"
import * as JsonBounds from "../../src/server/JsonBounds.ts"
import * as cli from "../support/cli.ts"
import * as program from "@privx-kit/testing/program"
import * as served from "../support/served.ts"
import { Setups } from "../../src/setup/Setups.ts"
import * as privx from "../support/privx.ts"
import { eventually } from "@privx-kit/testing/eventually"
import { place, runs, session, setup } from "../support/setups.ts"
import * as simulated from "../support/simulated.ts"

describe("a body", () => {
  it("is measured without parsing it, with quotes and backslashes anywhere", () => {
    for (const text of ['{"a":"[[[[{{{{,,,,\\"[[[["}', '"\\\\"', '"', "", '{"a":[1,2,{"b":"\\\\\\""}]}', "not JSON"]) {
      assert.isUndefined(JsonBounds.excess(text), text)
    }
    assert.strictEqual(JsonBounds.excess("[".repeat(JsonBounds.deepest + 1)), "depth")
    assert.isUndefined(JsonBounds.excess("[]".repeat(JsonBounds.deepest + 1)))
    assert.strictEqual(JsonBounds.excess(`["\\"",${"0,".repeat(JsonBounds.mostValues)}0]`), "values")
    assert.isUndefined(JsonBounds.excess(`["${"0,".repeat(JsonBounds.mostValues)}"]`))
  })

  it.live("of too many values, or too deep, is refused", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      for (const body of [
        `{"policy":{"knownDigests":[${'"a",'.repeat(JsonBounds.mostValues)}"a"]}}`,
        `{"policy":${'{"a":'.repeat(100)}1${"}".repeat(100)}}`
      ]) {
        const answer = yield* server.ask("POST", "/api/v1/runs", { as: "operator", body })
        assert.strictEqual(answer.status, 400)
        assert.match(answer.json.detail, /The body (has more than|is nested)/)
        // A caller without permission to submit learns only that, and nothing about the body.
        assert.strictEqual((yield* server.ask("POST", "/api/v1/runs", { as: "viewer", body })).status, 403)
      }
    })
  )

  it.live("with a fleet definition of nested keys is refused with its position", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const definition = `${"? ".repeat(64)}a`
      const answer = yield* server.ask("POST", "/api/v1/fleets/plan", { as: "viewer", body: { definition } })
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.json.fields.problems[0].problem, "has a key that is not plain text")
    })
  )
})

/** Follows a run until the follower is stopped; returns the status. */
const follow = (server: { readonly url: URL; readonly tokenOf: (name: string) => string }, id: string, as: string) =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<{ readonly status: number; readonly request: http.ClientRequest }>((resolve, reject) => {
          const request = http.get(
            new URL(`/api/v1/runs/${id}/events`, server.url),
            { headers: { authorization: `Bearer ${server.tokenOf(as)}` }, agent: false },
            (response) => resolve({ status: response.on("error", () => {}).resume().statusCode ?? 0, request })
          )
          request.on("error", reject)
        })
    ),
    ({ request }) => Effect.sync(() => request.destroy())
  )

describe("the streams of a server", () => {
  it.live("are not all for one caller, and are free again when he goes", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ streams: 10, streamsPerCaller: 3 })
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const statuses = yield* Effect.forEach([1, 2, 3, 4], () => follow(server, run.id, "viewer"))
          assert.deepStrictEqual(
            statuses.map(({ status }) => status),
            [200, 200, 200, 503]
          )
          assert.strictEqual((yield* follow(server, run.id, "operator")).status, 200)
        })
      )
      yield* eventually(Effect.scoped(follow(server, run.id, "viewer")), ({ status }) => status === 200)
    })
  )
})

const demanding = (demands: Demands.Demands) => ({
  minimum: demands,
  around: Layer.succeed(Demands.Minimum, demands)
})

describe("what a server demands", () => {
  it.live("is demanded of what is submitted with less, and what asks for more keeps that", () =>
    Effect.gen(function* () {
      const server = yield* served.start(
        demanding({
          requireApproval: "changed",
          policy: { checks: { noFetchedCode: "demanded", shellDialect: "off" } }
        })
      )
      const inputsOf = (body: unknown) =>
        Effect.flatMap(server.submit(body), ({ run }) =>
          Effect.map(server.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" }), ({ json }) => json.inputs)
        )
      const least = yield* inputsOf({ requireApproval: "never", policy: { checks: { noFetchedCode: "off" } } })
      assert.deepStrictEqual(least, { policy: { checks: { noFetchedCode: "demanded" } }, requireApproval: "changed" })
      // Checks that the policy does not mention are not lowered either.
      const lower = yield* inputsOf({ policy: { checks: { sha256Pin: "off", shellSyntax: "warned" } } })
      assert.deepStrictEqual(lower, { policy: { checks: { noFetchedCode: "demanded" } }, requireApproval: "changed" })
      const more = yield* inputsOf({
        requireApproval: "always",
        policy: { checks: { noControlCharacters: "demanded" } }
      })
      assert.deepInclude(more, { requireApproval: "always" })
      assert.strictEqual(more.policy.checks.noControlCharacters, "demanded")
    })
  )

  it.live("is not replaced by what a submission compares with", () =>
    Effect.gen(function* () {
      const server = yield* served.start(demanding({ requireApproval: "never", policy: { writePlaces: ["/opt"] } }))
      const submit = (writePlaces: ReadonlyArray<string>) =>
        server.ask("POST", "/api/v1/runs", { as: "operator", body: { policy: { writePlaces } } })
      const answer = yield* submit(["/"])
      assert.strictEqual(answer.status, 400)
      assert.include(answer.json.detail, "writePlaces")
      assert.strictEqual((yield* submit(["/opt"])).status, 202)
    })
  )

  it.live(
    "holds for the real command, which no debugger gets into",
    () =>
      Effect.gen(function* () {
        const remote = yield* simulated.start()
        const data = path.join(remote.home, "data")
        // Recorded directly, with an output directory.
        const output = path.join(remote.home, "scripts")
        const before = yield* cli.run(["ueba", "setup", "--data-dir", data, "--output", output, "--json"], {
          env: remote.env
        })
        assert.strictEqual(before.code, 0, before.stderr)
        const tokens = path.join(remote.home, "tokens.toml")
        const tokenOf = served.tokens(tokens, { ci: "operator", mia: "viewer" })
        const server = yield* program.start(
          cli.program,
          [
            "serve",
            "--listen=127.0.0.1:0",
            `--tokens=${tokens}`,
            `--data-dir=${data}`,
            "--require-approval=always",
            "--fleet-hosts=*.example.com",
            "--json"
          ],
          { env: remote.env }
        )
        const url = new URL(JSON.parse(`{${yield* server.line("{")}`).result.url)
        const ask = (as: string, where: string, body?: unknown) =>
          Effect.promise(async () => {
            const response = await fetch(new URL(where, url), {
              method: body === undefined ? "GET" : "POST",
              headers: { authorization: `Bearer ${tokenOf(as)}`, "content-type": "application/json" },
              ...(body === undefined ? {} : { body: JSON.stringify(body) })
            })
            return { status: response.status, json: JSON.parse(await response.text()) }
          })
        const { json } = yield* ask("ci", "/api/v1/runs", { requireApproval: "never" })
        const run = yield* eventually(
          ask("mia", `/api/v1/runs/${json.run.id}`),
          ({ json }) => json.status === "waiting"
        )
        assert.strictEqual(run.json.inputs.requireApproval, "always")

        // SIGUSR1 has no effect: it starts no debugger, and the server keeps running.
        yield* server.signal("SIGUSR1")
        yield* Effect.sleep("300 millis")
        assert.strictEqual((yield* ask("mia", "/api/v1/runs")).status, 200)
        assert.notMatch(server.output(), /debugger|inspector/i)

        // The responses contain neither paths nor accounts of the server.
        const earlier = JSON.parse(before.stdout).result.runId
        const listed = JSON.stringify([
          (yield* ask("mia", "/api/v1/runs")).json,
          (yield* ask("mia", `/api/v1/runs/${earlier}`)).json
        ])
        assert.notInclude(listed, remote.home)
        yield* server.signal("SIGTERM")
        assert.strictEqual(yield* server.exitCode, 0, server.output())
      }),
    120_000
  )
})

describe("what the one who executes demands", () => {
  it.live("holds for a run that was recorded when less was demanded", () =>
    Effect.gen(function* () {
      const simulator = yield* privx.start({ faults: ["createSession:403/PERMISSION_DENIED*1"] })
      const { dataDir } = yield* place
      yield* session(simulator, dataDir, Effect.flip(setup(simulator, { policy: { writePlaces: ["/opt"] } })))
      const retry = (demands: Demands.Demands) =>
        Effect.gen(function* () {
          const setups = yield* Setups
          const [run] = yield* runs
          return yield* Effect.flip(setups.retry({ target: simulator.url, runId: run?.id ?? "", noWait: true }))
        }).pipe(
          Effect.provide(
            EmbeddedRuntime.layerSetups({ dataDir, target: simulator.url }).pipe(
              Layer.provide([
                privx.client(simulator),
                privx.domains,
                privx.patience,
                Layer.succeed(Demands.Minimum, demands)
              ])
            )
          ),
          Effect.scoped
        )
      const refused = yield* retry({ requireApproval: "never", policy: { writePlaces: ["/srv"] } })
      assert.strictEqual(refused._tag, "InvalidInput")
      const [run] = yield* session(simulator, dataDir, runs)
      assert.strictEqual(run?.status, "failed")
      const pending = yield* retry({ requireApproval: "always", policy: undefined })
      assert.strictEqual(pending._tag, "ApprovalPending")
    })
  )
})

describe("the view of a run", () => {
  it.live("contains neither a path of the server nor the account and machine that executed it", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ around: Layer.succeed(Operator.Operator, Operator.ofServer) })
      const { run } = yield* server.submit()
      const shown = yield* server.reached(run.id, "succeeded")
      const manifest = yield* server.ask("GET", `/api/v1/runs/${run.id}/manifest`, { as: "viewer" })
      assert.deepStrictEqual(manifest.json.operator, { name: "privx-kit serve", account: "", host: "" })
      const events = yield* server.events(run.id)
      assert.strictEqual(shown.result.artifact, `artifact:${shown.sha256}`)
      for (const text of [JSON.stringify(shown), manifest.text, events.text]) {
        assert.notInclude(text, path.dirname(server.dataDir))
        assert.notInclude(text, os.hostname())
      }
      assert.isTrue(fs.existsSync(server.dataDir))
    })
  )
})
