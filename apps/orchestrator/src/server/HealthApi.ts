/** The part of the API for operations: health, readiness and metrics. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { whole } from "./ApiEndpoint.ts"
import * as Problem from "./Problem.ts"

const workers = Schema.optionalKey(whole).annotate({
  description: "How many processes execute runs; absent if unknown"
})

export const Ready = Schema.Struct({ ready: Schema.Literal(true), workers }).annotate({
  identifier: "Ready",
  description: "Runs are accepted and executed"
})

export const NotReady = Schema.Struct({ ready: Schema.Literal(false), reason: Schema.String, workers })
  .annotate({ identifier: "NotReady", description: "Runs cannot be accepted or executed; reason says why" })
  .pipe(HttpApiSchema.status(503))

export const metricsType = "text/plain; version=0.0.4; charset=utf-8"

export const health = HttpApiGroup.make("health")
  .annotateMerge(OpenApi.annotations({ description: "For operations." }))
  .add(
    HttpApiEndpoint.get("alive", "/healthz", {
      success: Schema.Struct({ alive: Schema.Literal(true) }).annotate({
        identifier: "Alive",
        description: "The process lives"
      }),
      error: Problem.TooLarge
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Check that the process is alive",
        description: "Requires no token, and does not use the database."
      })
    ),
    HttpApiEndpoint.get("ready", "/readyz", {
      success: Ready,
      error: [NotReady, Problem.TooLarge, Problem.Broken]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Check whether runs are accepted and executed",
        description: "Requires no token."
      })
    ),
    HttpApiEndpoint.get("metrics", "/metrics", {
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain" })),
      error: [
        Problem.Unauthorized,
        Problem.Forbidden,
        Problem.TooLarge,
        Problem.TooMany,
        Problem.Broken,
        Problem.Unavailable
      ]
    }).annotateMerge(
      OpenApi.annotations({
        summary: "Get the metrics, for Prometheus",
        description: "Requires a token of any role, or none if the server was started with --metrics-open.",
        override: { security: [{ bearer: [] }, {}] }
      })
    )
  )
