/** The parts that domains add to the server: UEBA, and a domain of another project. */
import { assert, describe, it } from "@effect/vitest"
import { trainingState } from "@privx-kit/ueba/Dataset"
import { Ueba } from "@privx-kit/ueba/Ueba"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as privx from "../support/privx.ts"
import * as served from "../support/served.ts"

describe("endpoints of domains", () => {
  it.live(
    "show UEBA to every role, and let operators and administrators choose the active dataset",
    () =>
      Effect.gen(function* () {
        const server = yield* served.start({ simulator: { speed: 600 } })
        yield* server.simulator.ueba.runScript
        const layer = Ueba.layer().pipe(Layer.provide(privx.client(server.simulator)))
        const [old, next] = yield* Effect.gen(function* () {
          const ueba = yield* Ueba
          const trained = Effect.gen(function* () {
            const { id } = yield* ueba.createDataset({ time_range_settings: {} })
            yield* ueba.trainDataset(id)
            yield* eventually(ueba.getDataset(id), (dataset) => trainingState(dataset) === "trained")
            return id
          })
          return [yield* trained, yield* trained] as const
        }).pipe(Effect.provide(layer), Effect.orDie)
        const ask = (method: string, path: string, as = "viewer") =>
          server.ask(method, `/api/v1/domains/ueba${path}`, { as })

        const domains = yield* server.ask("GET", "/api/v1/domains", { as: "viewer" })
        assert.deepStrictEqual(domains.json, {
          hosts: [server.target],
          domains: [{ name: "ueba", title: "UEBA", view: null }]
        })
        const status = yield* ask("GET", `/status?host=${encodeURIComponent(`${server.target}/`)}`)
        assert.strictEqual(status.json.service, "RUNNING", status.text)
        const list = yield* ask("GET", "/datasets")
        assert.deepStrictEqual(
          list.json.datasets.map(({ id, state }: { readonly id: string; readonly state: string }) => [id, state]),
          [
            [old, "trained"],
            [next, "trained"]
          ]
        )
        for (const role of ["viewer", "approver"]) {
          assert.strictEqual((yield* ask("POST", `/datasets/${old}/activate`, role)).status, 403, role)
        }
        assert.isTrue((yield* ask("POST", `/datasets/${old}/activate`, "operator")).json.active)
        assert.isTrue((yield* ask("POST", `/datasets/${next}/activate`, "admin")).json.active)
        const shown = (yield* ask("GET", `/datasets/${old}`)).json
        assert.isFalse(shown.active)
        const [model] = shown.models
        assert.isAbove(model.trainingLoss.length, 1)
        assert.strictEqual(model.histogram.length, 40)

        const unknown = yield* ask("GET", "/datasets/none")
        assert.strictEqual(unknown.status, 404, unknown.text)
        const elsewhere = yield* ask("GET", "/status?host=https://other.example.com")
        assert.deepInclude(elsewhere.json, { status: 400, type: "urn:privx-kit:problem:UnknownHost" })
        assert.strictEqual((yield* server.ask("GET", "/api/v1/domains/ueba/status")).status, 401)
        const { json: document } = yield* server.ask("GET", "/openapi.json")
        assert.hasAnyKeys(document.paths, ["/api/v1/domains/ueba/datasets/{id}/activate"])
      }),
    120_000
  )
})
