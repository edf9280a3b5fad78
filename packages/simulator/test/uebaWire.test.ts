/**
 * The raw responses of the UEBA endpoints, literally. The clock is fixed and the seed is the default one, so every
 * changed byte must be intended.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type Options, Simulator } from "../src/Simulator.ts"
import { ask, authorization, request } from "./rawHttp.ts"

const prefix = "/connection-manager/api/v1/ueba"
const range = '{"start":"2026-05-02T00:00:00Z","end":"2026-06-01T00:00:00Z"}'

const start = Effect.fnUntraced(function* (options: Options<readonly []> = {}) {
  yield* TestClock.setTime(Date.UTC(2026, 5, 1))
  const simulator = yield* Simulator.make({ tokenLifetime: "1 day", ...options })
  const token = authorization(yield* simulator.issueToken())
  const call = (line: string, body = "") =>
    Effect.map(
      ask(
        simulator,
        request(
          line.replace(" /", ` ${prefix}/`),
          {
            ...token,
            "Content-Length": String(body.length),
            ...(body === "" ? {} : { "Content-Type": "application/json" })
          },
          body
        )
      ),
      ({ body, headers, status }) => ({ status, body, length: headers["content-length"] })
    )
  return { simulator, call }
})

const answer = (status: number, body: string) => ({ status, body, length: String(body.length) })

const id = "a34bf2ec-5dbe-4129-a3c6-681b05290f49"
const dataset = (more = "") =>
  `{"id":"${id}","time_range_settings":{"start":"2026-05-02T00:00:00.000Z","end":"2026-06-01T00:00:00.000Z","exclude":[]},` +
  `"is_active":false,"use_for_inference_once_trained":false,"training_results":[],` +
  `"comment":"c","created":"2026-06-01T00:00:00.000Z","created_by":"simulator",` +
  `"updated":"2026-06-01T00:00:00.000Z","updated_by":"simulator"${more}}`

describe("the wire of UEBA", () => {
  it.effect("datasets: created with 201, read, listed, changed and deleted with nothing in the answer", () =>
    Effect.gen(function* () {
      const { call } = yield* start()
      const settings = `{"time_range_settings":${range},"comment":"c"}`
      assert.deepStrictEqual(yield* call("POST /datasets", settings), answer(201, `{"id":"${id}"}`))
      assert.deepStrictEqual(yield* call(`GET /datasets/${id}`), answer(200, dataset()))
      assert.deepStrictEqual(yield* call("GET /datasets"), answer(200, `{"count":1,"items":[${dataset()}]}`))
      assert.deepStrictEqual(yield* call(`PUT /datasets/${id}`, settings), answer(200, ""))
      assert.deepStrictEqual(yield* call(`DELETE /datasets/${id}`), answer(200, ""))
      assert.deepStrictEqual(yield* call("GET /datasets"), answer(200, '{"count":0,"items":[]}'))
      assert.deepStrictEqual(
        yield* call(`GET /datasets/${id}`),
        answer(404, '{"error_code":"GENERAL_ERROR","error_message":"Resource not found"}')
      )
    })
  )

  it.effect("what the official Go client sends for a new dataset is taken", () =>
    Effect.gen(function* () {
      const { call } = yield* start()
      const body =
        '{"id":"","is_active":false,"use_for_inference_once_trained":false,' +
        `"time_range_settings":${range},"training_results":null}`
      assert.strictEqual((yield* call("POST /datasets", body)).status, 201)
    })
  )

  it.effect("statuses, anomaly settings and counts", () =>
    Effect.gen(function* () {
      const { call, simulator } = yield* start()
      assert.deepStrictEqual(
        yield* call("GET /status"),
        answer(
          200,
          '{"version":"simulated","api_version":"v1","status":"PENDING",' +
            '"status_message":"waiting for the UEBA host to run the setup script","issues":[],' +
            '"status_details":[{"k":"address","v":"ueba.simulator.invalid:8000"}],"app_id":"simulated-ueba"}'
        )
      )
      yield* simulator.ueba.runScript
      assert.include((yield* call("GET /status")).body, '"status":"RUNNING"')
      assert.deepStrictEqual(
        yield* call("GET /status/internal"),
        answer(200, '{"training_status":"IDLE","inference_status":"STOPPED","instances":[]}')
      )
      assert.deepStrictEqual(yield* call("GET /anomaly-settings"), answer(200, '{"action":"AUDIT","threshold":0.5}'))
      assert.deepStrictEqual(
        yield* call("POST /anomaly-settings", '{"action":"BLOCK","threshold":0.25}'),
        answer(200, "")
      )
      assert.deepStrictEqual(yield* call("GET /anomaly-settings"), answer(200, '{"action":"BLOCK","threshold":0.25}'))
      assert.deepStrictEqual(yield* call("POST /query-connection-count", range), answer(200, '{"count":42061}'))
      assert.deepStrictEqual(yield* call("POST /stop-analyzing"), answer(200, ""))
    })
  )

  it.effect("a training: what is trained with, and a model that is active", () =>
    Effect.gen(function* () {
      const { call, simulator } = yield* start({ trainingDuration: "1 minute" })
      yield* simulator.ueba.runScript
      yield* call("POST /datasets", `{"time_range_settings":${range}}`)
      assert.deepStrictEqual(
        yield* call(`POST /train/${id}?set_active_after_training=true`),
        answer(200, '{"count":42061}')
      )
      assert.include((yield* call(`GET /datasets/${id}`)).body, '"status":"TRAINING"')
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        yield* call("GET /status/internal"),
        answer(
          200,
          `{"training_status":"IDLE","inference_status":"RUNNING","dataset_id":"${id}","instances":[` +
            ["connections_basic", "connections_extended"]
              .map(
                (model) =>
                  `{"id":"${id}/${model}","feature_config_name":"${model}","status":"RUNNING","created":"2026-06-01T00:00:00.000Z"}`
              )
              .join() +
            "]}"
        )
      )
    })
  )

  it.effect.each([
    { line: "POST /datasets", body: "{}", code: "REQUIRED_VALUE_MISSING", property: "time_range_settings" },
    {
      line: "POST /datasets",
      body: '{"time_range_settings":1}',
      code: "VALUE_INCORRECT_FORMAT",
      property: "time_range_settings"
    },
    {
      line: "POST /anomaly-settings",
      body: '{"action":"BLOCK"}',
      code: "REQUIRED_VALUE_MISSING",
      property: "threshold"
    },
    {
      line: "POST /anomaly-settings",
      body: '{"action":"BLOCK","threshold":2}',
      code: "VALUE_INCORRECT_FORMAT",
      property: "threshold"
    },
    { line: "GET /datasets?bin_count=many", body: "", code: "VALUE_INCORRECT_FORMAT", property: "bin_count" }
  ])("$line $body is 400 $code", ({ body, code, line, property }) =>
    Effect.gen(function* () {
      const { call } = yield* start()
      const refusal = yield* call(line, body)
      assert.strictEqual(refusal.status, 400)
      assert.deepInclude(JSON.parse(refusal.body), { error_code: code, property })
    })
  )
})
