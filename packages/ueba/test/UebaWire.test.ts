/** The literal request of each operation, and how it decodes the responses of real servers. */
import { assert, describe, it } from "@effect/vitest"
import * as Connection from "@privx-kit/http/Connection"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as TokenProvider from "@privx-kit/http/TokenProvider"
import * as Transport from "@privx-kit/http/Transport"
import { ServiceStatus, TimeRange, Ueba, UebaApi } from "@privx-kit/ueba"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Operation } from "@privx-kit/http/Operation"
import * as http from "node:http"
import type { AddressInfo } from "node:net"

interface Answer {
  readonly status?: number
  readonly body?: unknown
}

/** Runs one operation against a server with a single response; returns the request as text and the result. */
const exchange = Effect.fnUntraced(function* <A>(
  use: (ueba: Ueba["Service"]) => Effect.Effect<A, PrivxFailure>,
  { body, status = 200 }: Answer
) {
  const requests: Array<string> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const server = http.createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const head = ["content-type", "content-length", "authorization"].flatMap((name) => {
            const value = request.headers[name]
            return value === undefined ? [] : [`${name}: ${String(value)}`]
          })
          requests.push([`${request.method} ${request.url}`, ...head, "", Buffer.concat(chunks).toString()].join("\n"))
          const text = body === undefined ? "" : JSON.stringify(body)
          response
            .writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) })
            .end(text)
        })
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  const { port } = server.address() as AddressInfo
  const result = yield* Effect.flatMap(Ueba, use).pipe(
    Effect.provide(
      Ueba.layer().pipe(
        Layer.provide(Transport.Transport.layer),
        Layer.provide(TokenProvider.TokenProvider.layerStatic(Redacted.make("t"))),
        Layer.provide(Connection.Connection.layer({ baseUrl: new URL(`http://127.0.0.1:${port}`) }))
      )
    ),
    Effect.result
  )
  return { request: requests.join("\n---\n"), result }
})

const prefix = "/connection-manager/api/v1/ueba"
const withoutBody = (line: string) => [line, "authorization: Bearer t", "", ""].join("\n")
const emptyPost = (line: string) => [line, "content-length: 0", "authorization: Bearer t", "", ""].join("\n")
const json = (line: string, body: string) =>
  [line, "content-type: application/json", `content-length: ${body.length}`, "authorization: Bearer t", "", body].join(
    "\n"
  )

const range = TimeRange.between("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z")
const settings = {
  time_range_settings: { ...range, exclude: [{ start: range.start!, end: range.end! }] },
  comment: "c",
  use_for_inference_once_trained: true
}
const settingsText =
  '{"time_range_settings":{"start":"2026-01-01T00:00:00.000Z","end":"2026-04-01T00:00:00.000Z",' +
  '"exclude":[{"start":"2026-01-01T00:00:00.000Z","end":"2026-04-01T00:00:00.000Z"}]},"comment":"c",' +
  '"use_for_inference_once_trained":true}'

const dataset = { id: "d", time_range_settings: { start: "2026-01-01T00:00:00Z" }, training_results: [] }

const operations: ReadonlyArray<{
  readonly name: string
  readonly use: (ueba: Ueba["Service"]) => Effect.Effect<unknown, PrivxFailure>
  readonly request: string
  readonly answer: Answer
}> = [
  {
    name: "createSession",
    use: (ueba) => ueba.createSession,
    request: emptyPost(`POST ${prefix}/setup-script`),
    answer: { body: { id: "0f8fad5b-d9cb-469f-a165-70867728950e" } }
  },
  {
    name: "configuration",
    use: (ueba) => ueba.configuration,
    request: withoutBody(`GET ${prefix}/configure`),
    answer: { body: {} }
  },
  {
    name: "setConfiguration",
    use: (ueba) => ueba.setConfiguration({ address: "ueba:1" }),
    request: json(`POST ${prefix}/configure`, '{"address":"ueba:1"}'),
    answer: {}
  },
  {
    name: "anomalySettings",
    use: (ueba) => ueba.anomalySettings,
    request: withoutBody(`GET ${prefix}/anomaly-settings`),
    answer: { body: { action: "BLOCK", threshold: 1 } }
  },
  {
    name: "setAnomalySettings",
    use: (ueba) => ueba.setAnomalySettings({ action: "AUDIT", threshold: 0.25 }),
    request: json(`POST ${prefix}/anomaly-settings`, '{"action":"AUDIT","threshold":0.25}'),
    answer: {}
  },
  {
    name: "listDatasets",
    use: (ueba) => ueba.listDatasets({ logs: true, binCount: 10 }),
    request: withoutBody(`GET ${prefix}/datasets?logs=true&bin_count=10`),
    answer: { body: { count: 1, items: [dataset] } }
  },
  {
    name: "createDataset",
    use: (ueba) => ueba.createDataset(settings),
    request: json(`POST ${prefix}/datasets`, settingsText),
    answer: { status: 201, body: { id: "d" } }
  },
  {
    name: "getDataset",
    use: (ueba) => ueba.getDataset("a/b"),
    request: withoutBody(`GET ${prefix}/datasets/a%2Fb`),
    answer: { body: dataset }
  },
  {
    name: "updateDataset",
    use: (ueba) => ueba.updateDataset("d", settings),
    request: json(`PUT ${prefix}/datasets/d`, settingsText),
    answer: {}
  },
  {
    name: "deleteDataset",
    use: (ueba) => ueba.deleteDataset("d"),
    request: withoutBody(`DELETE ${prefix}/datasets/d`),
    answer: {}
  },
  {
    name: "countConnections",
    use: (ueba) => ueba.countConnections({}),
    request: json(`POST ${prefix}/query-connection-count`, "{}"),
    answer: { body: { count: 7 } }
  },
  {
    name: "trainDataset",
    use: (ueba) => ueba.trainDataset("d", { setActiveAfterTraining: true }),
    request: emptyPost(`POST ${prefix}/train/d?set_active_after_training=true`),
    answer: { body: { count: 7 } }
  },
  {
    name: "startAnalyzing",
    use: (ueba) => ueba.startAnalyzing("d"),
    request: emptyPost(`POST ${prefix}/start-analyzing/d`),
    answer: {}
  },
  {
    name: "stopAnalyzing",
    use: (ueba) => ueba.stopAnalyzing,
    request: emptyPost(`POST ${prefix}/stop-analyzing`),
    answer: {}
  },
  {
    name: "status",
    use: (ueba) => ueba.status,
    request: withoutBody(`GET ${prefix}/status`),
    answer: { body: { version: "1" } }
  },
  {
    name: "internalStatus",
    use: (ueba) => ueba.internalStatus,
    request: withoutBody(`GET ${prefix}/status/internal`),
    answer: { body: {} }
  }
]

/** All endpoints of the API. */
const definitions = Object.values(UebaApi.make().groups).flatMap((group) =>
  Object.values(group.endpoints).map((endpoint) => Context.getUnsafe(endpoint.annotations, Operation))
)

describe("the wire", () => {
  it.live.each(operations)("$name sends exactly one request, and takes the documented answer", (operation) =>
    Effect.gen(function* () {
      const { request, result } = yield* exchange(operation.use, operation.answer)
      assert.strictEqual(request, operation.request)
      assert.strictEqual(result._tag, "Success")
    })
  )

  it("has a literal request for every endpoint; the download has its own test", () => {
    assert.deepStrictEqual(
      definitions.map(({ name }) => name).toSorted(),
      ["downloadSetupScript", ...operations.map(({ name }) => name)].map((name) => `Ueba.${name}`).toSorted()
    )
  })

  it("repeats what can be repeated: all but creating and training a dataset", () => {
    assert.deepStrictEqual(
      definitions.filter(({ safeToRepeat }) => !safeToRepeat).map(({ name }) => name),
      ["Ueba.createDataset", "Ueba.trainDataset"]
    )
  })

  it.live.each(operations)("a 403 of $name names the scope that it requires", (operation) =>
    Effect.gen(function* () {
      const body = { error_code: "PERMISSION_DENIED" }
      const { result } = yield* exchange(operation.use, { status: 403, body })
      assert.strictEqual(result._tag, "Failure")
      if (result._tag === "Failure") {
        assert.strictEqual(result.failure._tag, "PermissionDenied")
        assert.include(result.failure.hint, 'scope "admin"')
      }
    })
  )
})

/** The value of an operation for a response. */
const read = <A>(use: (ueba: Ueba["Service"]) => Effect.Effect<A, PrivxFailure>, body: unknown, status = 200) =>
  Effect.flatMap(exchange(use, { body, status }), ({ result }) => Effect.fromResult(result))

const iso = (time: DateTime.Utc | undefined) => (time === undefined ? undefined : DateTime.formatIso(time))

describe("answers of real servers", () => {
  it.live("a configuration may have any of its fields", () =>
    Effect.gen(function* () {
      const configuration = (body: unknown) => read((ueba) => ueba.configuration, body)
      assert.deepStrictEqual(yield* configuration({}), { address: "", trust_anchors: "" })
      assert.deepStrictEqual(yield* configuration({ address: "a", trust_anchors: null }), {
        address: "a",
        trust_anchors: ""
      })
      assert.deepStrictEqual(
        yield* configuration({ trust_anchors: "pem", trust_anchors_info: null, address: null, added: { in: "2027" } }),
        { address: "", trust_anchors: "pem" }
      )
    })
  )

  it.live("a dataset may have nulls, empty texts, times of the year 1, statuses and fields that no reference has", () =>
    Effect.gen(function* () {
      const dataset = yield* read((ueba) => ueba.getDataset("x"), {
        id: "",
        last_training: "0001-01-01T00:00:00Z",
        is_active: null,
        time_range_settings: { start: "2026-01-01T00:00:00.123456789+02:00", end: "", exclude: null },
        training_results: [
          {
            feature_config_name: "f",
            status: "HIBERNATING",
            error_code: "",
            error_details: null,
            mean: 0.5,
            training_dataset_loss: [1, null],
            validation_dataset_loss: null,
            validation_dataset_histogram: { hist: [1, 2], bin_edges: [0, 1, 2], more: 1 },
            later: []
          }
        ],
        comment: "",
        created: "yesterday",
        created_by: null
      })
      assert.strictEqual(dataset.id, "")
      assert.isFalse(dataset.is_active)
      assert.strictEqual(iso(dataset.time_range_settings.start), "2025-12-31T22:00:00.123Z")
      assert.isFalse("end" in dataset.time_range_settings)
      assert.isFalse("last_training" in dataset || "created" in dataset || "comment" in dataset)
      const [result] = dataset.training_results
      assert.strictEqual(result?.status, "HIBERNATING")
      assert.isUndefined(result?.error_code)
      assert.deepStrictEqual(result?.training_dataset_loss, [1, null])
      assert.deepStrictEqual(result?.validation_dataset_loss, [])
      assert.deepStrictEqual(result?.validation_dataset_histogram, { hist: [1, 2], bin_edges: [0, 1, 2] })
    })
  )

  it.live("a dataset and a list may have nothing but what is required, and no results at all", () =>
    Effect.gen(function* () {
      const dataset = yield* read((ueba) => ueba.getDataset("x"), { id: "d", training_results: null })
      assert.deepStrictEqual(dataset.training_results, [])
      assert.deepStrictEqual(dataset.time_range_settings, { exclude: [] })
      const empty = yield* read((ueba) => ueba.listDatasets(), { count: 0, items: null })
      assert.deepStrictEqual(empty, { count: 0, items: [] })
    })
  )

  it.live("a list may have null among its entries", () =>
    Effect.gen(function* () {
      const { items } = yield* read((ueba) => ueba.listDatasets(), {
        count: 1,
        items: [null, { id: "d", training_results: [null, { status: "TRAINING" }] }]
      })
      assert.deepStrictEqual(
        items.map(({ id, training_results }) => [id, training_results.length]),
        [["d", 1]]
      )
      const { instances } = yield* read((ueba) => ueba.internalStatus, { instances: [null, { id: "a" }] })
      assert.deepStrictEqual(instances, [{ id: "a" }])
    })
  )

  it.live("anomaly settings may lack either field, and have an action that no reference lists", () =>
    Effect.gen(function* () {
      const settings = (body: unknown) => read((ueba) => ueba.anomalySettings, body)
      assert.deepStrictEqual(yield* settings({}), {})
      assert.deepStrictEqual(yield* settings({ action: "QUARANTINE", threshold: null }), { action: "QUARANTINE" })
    })
  )

  it.live("a status may be unknown, and may come from a Go server", () =>
    Effect.gen(function* () {
      const status = yield* read((ueba) => ueba.status, {
        variant: "v",
        version: "1",
        status: "SLEEPING",
        "server-mode": "m",
        issues: null,
        status_details: [{ k: "a", v: null }],
        start_time: "0001-01-01T00:00:00Z"
      })
      assert.strictEqual(status.status, "SLEEPING")
      assert.strictEqual(status["server-mode"], "m")
      assert.deepStrictEqual(status.issues, [])
      assert.deepStrictEqual(status.status_details, [{ k: "a", v: "" }])
      assert.isFalse(ServiceStatus.isRunning(status))
      const issues = [{ severity: "NOTICE", code: "c", message: "m", created: "2026-01-01T00:00:00Z" }]
      const other = yield* read((ueba) => ueba.status, { status: "RUNNING", issues })
      assert.strictEqual(other.issues[0]?.severity, "NOTICE")
      assert.isTrue(ServiceStatus.isRunning(other))
    })
  )

  it.live.each(["instances", "model_instance_status"])("the list of models may be called %s", (name) =>
    Effect.gen(function* () {
      const status = yield* read((ueba) => ueba.internalStatus, {
        training_status: "TRAINING",
        dataset_id: "",
        [name]: [{ id: "", feature_config_name: "f", status: "NEW", created: "2026-01-01T00:00:00Z" }]
      })
      assert.isUndefined(status.dataset_id)
      assert.strictEqual(status.instances[0]?.feature_config_name, "f")
      assert.isUndefined(status.instances[0]?.id)
    })
  )

  it.live("the newer name of the list of models counts where a server sends both", () =>
    Effect.gen(function* () {
      const both = { instances: [{ id: "new" }], model_instance_status: [{ id: "old" }] }
      const status = yield* read((ueba) => ueba.internalStatus, both)
      assert.deepStrictEqual(
        status.instances.map(({ id }) => id),
        ["new"]
      )
    })
  )

  it.live("a threshold outside 0 to 1 is not sent", () =>
    Effect.gen(function* () {
      const { request, result } = yield* exchange(
        (ueba) => ueba.setAnomalySettings({ action: "BLOCK", threshold: 1.5 }),
        {}
      )
      assert.strictEqual(request, "")
      assert.strictEqual(result._tag === "Failure" ? result.failure._tag : "", "TransportError")
    })
  )
})
