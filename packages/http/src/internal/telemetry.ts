/**
 * Names and attributes of spans and metrics, by OpenTelemetry's semantic conventions for HTTP clients. Of a URL, only
 * server and template are recorded: a path may contain a session id.
 */
import * as Metric from "effect/Metric"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import type { Definition } from "../Operation.ts"
import type { PrivxFailure } from "../PrivxFailure.ts"

/** The bucket bounds of the convention, in seconds. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

const duration = Metric.histogram("http.client.request.duration", {
  description:
    "Duration of one attempt until its response is complete (for a download: until its head has arrived), in seconds",
  boundaries: durationBounds
})

const responseBytes = Metric.counter("http.client.response.body.bytes", {
  description: "Bytes of the bodies that were read completely",
  incremental: true
})

const retries = Metric.counter("privx.client.retries", {
  description: "Failed attempts that were retried",
  incremental: true
})

/**
 * The servers that have their own metric series. A series is never removed, so a program that talks to ever more
 * servers would need ever more memory. Servers beyond the limit are counted together, as in OpenTelemetry. Like the
 * registry of metrics, it belongs to the process unless a layer provides another one.
 */
export const MeasuredServers = Context.Reference<Set<string>>("@privx-kit/http/MeasuredServers", {
  defaultValue: () => new Set()
})
const mostServers = 100

interface Series {
  readonly duration: Metric.Metric<number, unknown>
  readonly bytes: Metric.Metric<number, unknown>
}

export interface Call {
  readonly operation: Definition
  readonly method: string
  readonly template: string
}

/** `error.type` of the convention: the status of a response, or the reason if there was none. */
export const errorType = (failure: PrivxFailure): string =>
  failure._tag === "TransportError" ? failure.reason : String(failure.status)

export class Telemetry {
  private readonly server: { readonly "server.address": string; readonly "server.port": number }
  private readonly counted: Readonly<Record<string, string>>
  /** Created once for each operation and outcome: creating a series costs more than adding to it. */
  private readonly series: WeakMap<Definition, Map<number | string, Series>> = new WeakMap()

  constructor(origin: string, servers: Set<string>) {
    const url = new URL(origin)
    this.server = {
      "server.address": url.hostname,
      "server.port": Number(url.port || (url.protocol === "https:" ? 443 : 80))
    }
    if (servers.size < mostServers) servers.add(origin)
    // The attributes that identify a server.
    this.counted = servers.has(origin) ? text(this.server) : { "server.address": "_OTHER" }
  }

  spanAttributes({ method, template }: Call): Record<string, unknown> {
    return { "http.request.method": method, "url.template": template, ...this.server }
  }

  /** @param outcome the status of a response, or the reason why there was none */
  attempted(
    call: Call,
    outcome: number | string,
    millis: number,
    bytes: number,
    context: Context.Context<never>
  ): void {
    const series = this.seriesOf(call, outcome)
    series.duration.updateUnsafe(millis / 1000, context)
    if (bytes > 0) series.bytes.updateUnsafe(bytes, context)
  }

  retried(operation: string, failure: PrivxFailure, context: Context.Context<never>): void {
    const attributes = { operation, "error.type": errorType(failure), ...this.counted }
    Metric.withAttributes(retries, attributes).updateUnsafe(1, context)
  }

  private seriesOf(call: Call, outcome: number | string): Series {
    let outcomes = this.series.get(call.operation)
    if (outcomes === undefined) {
      outcomes = new Map()
      this.series.set(call.operation, outcomes)
    }
    const known = outcomes.get(outcome)
    if (known !== undefined) return known
    const attributes = {
      operation: call.operation.name,
      "http.request.method": call.method,
      "url.template": call.template,
      ...(typeof outcome === "number" ? { "http.response.status_code": String(outcome) } : undefined),
      ...(typeof outcome === "string" || outcome >= 400 ? { "error.type": String(outcome) } : undefined),
      ...this.counted
    }
    const made = {
      duration: Metric.withAttributes(duration, attributes),
      bytes: Metric.withAttributes(responseBytes, attributes)
    }
    outcomes.set(outcome, made)
    return made
  }
}

/** Makes `span` the parent of the spans of an effect. */
export const within = <A, E, R>(effect: Effect.Effect<A, E, R>, span: Tracer.Span) =>
  Effect.withParentSpan(effect, span, { captureStackTrace: false })

/** The span of the call, if tracing is enabled. */
export const spanOf = (context: Context.Context<never>): Tracer.Span | undefined => {
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  return span?._tag === "Span" ? span : undefined
}

const text = (attributes: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]))
