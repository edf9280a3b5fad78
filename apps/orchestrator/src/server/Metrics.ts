/** The metrics of the server, in addition to those that the packages count. Labels never contain an id. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import { RunStatus } from "@privx-kit/runs/Run"
import * as RunRows from "@privx-kit/runs/RunRows"

const requests = Metric.counter("privx_kit_http_requests_total", {
  description: "Requests that were answered, by method, route and status",
  incremental: true
})

const duration = Metric.histogram("privx_kit_http_request_duration_seconds", {
  description: "Time until the answer began, in seconds",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
})

const runs = Metric.gauge("privx_kit_runs", { description: "Runs in the record, by status" })

const waiting = Metric.gauge("privx_kit_queue_oldest_seconds", {
  description: "How long the oldest queued run has waited, in seconds; 0 if none waits"
})

const lasted = Metric.gauge("privx_kit_run_duration_seconds", {
  description: "How long the runs that ended in the last hour took, in seconds, by status and quantile"
})

export interface Answered {
  readonly method: string
  /** The path template of the API, with the names of its parameters. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export const answered = ({ method, route, seconds, status }: Answered): Effect.Effect<void> =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(requests, { method, route, status: String(status) }), 1),
    Metric.update(Metric.withAttributes(duration, { method, route }), seconds)
  )

const Counts = Schema.Array(Schema.Struct({ status: RunStatus, count: Schema.Number }))
const Oldest = Schema.Array(Schema.Struct({ at: Schema.NullOr(Schema.Number) }))
const Lasted = Schema.Array(Schema.Struct({ status: RunStatus, millis: Schema.Number }))

/** The maximum number of recent runs that are read. */
const sample = 1000

const hour = 3_600_000

/** All metrics in the Prometheus text format. */
export const text = Effect.fn("Metrics.text")(function* (): Effect.fn.Return<
  string,
  StorageFailed,
  SqlClient.SqlClient | Database
> {
  const sql = yield* SqlClient.SqlClient
  const { rows } = RunRows.make(sql, yield* Database)
  const now = yield* Clock.currentTimeMillis
  const counted = yield* rows(Counts)(
    sql`SELECT status, CAST(count(*) AS DOUBLE PRECISION) AS count FROM runs GROUP BY status`
  )
  for (const status of RunStatus.literals) {
    const count = counted.find((row) => row.status === status)?.count ?? 0
    yield* Metric.update(Metric.withAttributes(runs, { status }), count)
  }
  const [oldest] = yield* rows(Oldest)(sql`SELECT min(created_at) AS at FROM runs WHERE status = 'queued'`)
  yield* Metric.update(waiting, oldest === undefined || oldest.at === null ? 0 : Math.max(0, now - oldest.at) / 1000)

  const ended = yield* rows(Lasted)(sql`
    SELECT status, ended_at - created_at AS millis FROM runs
    WHERE ended_at >= ${now - hour} ORDER BY ended_at DESC LIMIT ${sample}`)
  for (const [status, some] of Map.groupBy(ended, ({ status }) => status)) {
    const sorted = some.map(({ millis }) => Math.max(0, millis) / 1000).sort((a, b) => a - b)
    for (const quantile of [0.5, 0.9, 0.99]) {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0
      yield* Metric.update(Metric.withAttributes(lasted, { status, quantile: String(quantile) }), value)
    }
  }
  return yield* PrometheusMetrics.format()
})
