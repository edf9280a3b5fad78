import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Tracer from "effect/Tracer"
import { MeasuredServers } from "../src/internal/telemetry.ts"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

/** Collects the created spans. */
const recordingTracer = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

describe("telemetry", () => {
  it.live("makes one span for a call, named and attributed by the conventions, with an event for each retry", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        WireServer.errorBody(503, "MAX_LOAD"),
        WireServer.answer(200, '{"name":"n"}')
      ])
      const { spans, tracer } = recordingTracer()
      yield* TestApi.read("the-secret-id").pipe(
        Effect.provide(TestApi.layer(server.url)),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.deepStrictEqual(
        spans.map((span) => span.name),
        ["Things.read"]
      )
      const [span] = spans
      assert.strictEqual(span?.kind, "client")
      assert.deepStrictEqual(Object.fromEntries(span?.attributes ?? []), {
        "http.request.method": "GET",
        "url.template": "/things/:id",
        "server.address": "127.0.0.1",
        "server.port": Number(server.url.port),
        "http.request.resend_count": 1,
        "http.response.status_code": 200
      })
      assert.deepStrictEqual(
        span?.events.map(([name, , attributes]) => [
          name,
          attributes?.["error.type"],
          attributes?.["privx.error_code"]
        ]),
        [["retry", "503", "MAX_LOAD"]]
      )
      const everything = JSON.stringify([
        [...(span?.attributes ?? [])],
        span?.events.map(([name, , rest]) => [name, rest])
      ])
      assert.notInclude(everything, "the-secret-id")
      assert.notInclude(everything, "secret-token")
    })
  )

  it.live("counts attempts, retries, time and bytes, by kind of failure", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([
        WireServer.errorBody(503, "MAX_LOAD"),
        WireServer.answer(200, '{"name":"n"}'),
        ["reset"],
        WireServer.answer(200, '{"name":"n"}')
      ])
      const series = yield* Effect.gen(function* () {
        yield* TestApi.read("the-secret-id")
        yield* TestApi.read("the-secret-id")
        return yield* Metric.snapshot
      }).pipe(Effect.provide(TestApi.layer(server.url)))
      const ours = series.filter((one) => one.attributes?.["server.port"] === server.url.port)
      const outcomes = ours
        .filter((one) => one.id === "http.client.request.duration")
        .map(({ attributes, state }) => [
          attributes?.["http.response.status_code"] ?? attributes?.["error.type"],
          "count" in state ? Number(state.count) : 0
        ])
      assert.deepStrictEqual(outcomes.toSorted(), [
        ["200", 2],
        ["503", 1],
        ["reset", 1]
      ])
      const retries = ours
        .filter((one) => one.id === "privx.client.retries")
        .map(({ attributes, state }) => [attributes?.["error.type"], "count" in state ? Number(state.count) : 0])
      assert.deepStrictEqual(retries.toSorted(), [
        ["503", 1],
        ["reset", 1]
      ])
      assert.isTrue(ours.some((one) => one.id === "http.client.response.body.bytes"))
      assert.notInclude(JSON.stringify(ours.map((one) => one.attributes)), "the-secret-id")
    })
  )

  it.live("counts everything, and has no more series however many servers there are", () =>
    Effect.gen(function* () {
      const many = 150
      const durations = Effect.map(Metric.snapshot, (series) =>
        series.filter(({ id }) => id === "http.client.request.duration")
      )
      const count = (series: Effect.Success<typeof durations>) =>
        series.reduce((sum, { state }) => sum + ("count" in state ? Number(state.count) : 0), 0)
      const before = count(yield* durations)
      const servers = yield* Effect.all(
        Array.from({ length: many }, () => WireServer.make([WireServer.answer(200, '{"name":"n"}')])),
        { concurrency: 10 }
      )
      yield* Effect.forEach(servers, ({ url }) => TestApi.read().pipe(Effect.provide(TestApi.layer(url))), {
        concurrency: 10
      })
      const after = yield* durations
      assert.strictEqual(count(after) - before, many)
      assert.isBelow(after.length, many)
      assert.isTrue(after.some(({ attributes }) => attributes?.["server.address"] === "_OTHER"))
    })
  )

  it.live("bounds the servers of each layer that brings a list of its own", () =>
    Effect.gen(function* () {
      const server = yield* WireServer.make([WireServer.answer(200, '{"name":"n"}')])
      const full = new Set(Array.from({ length: 100 }, (_, at) => `https://${at}.example.com`))
      const registry = new Map<string, never>()
      const series = yield* TestApi.read().pipe(
        Effect.andThen(Metric.snapshot),
        Effect.provide(Layer.provide(TestApi.layer(server.url), Layer.succeed(MeasuredServers, full))),
        Effect.provideService(Metric.MetricRegistry, registry)
      )
      const addresses = series
        .filter(({ id }) => id === "http.client.request.duration")
        .map(({ attributes }) => attributes?.["server.address"])
      assert.deepStrictEqual(addresses, ["_OTHER"])
      assert.strictEqual(full.size, 100)
    })
  )
})
