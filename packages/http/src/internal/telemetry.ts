/**
 * Names and attributes of spans and metrics, by OpenTelemetry's semantic conventions for HTTP clients. Of a URL only server
 * and template are told: a path can hold a session id.
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
    "Duration of one attempt, until its answer is whole (of a download: until its head has come), in seconds",
  boundaries: durationBounds
})

const responseBytes = Metric.counter("http.client.response.body.bytes", {
  description: "Bytes of the bodies that were read whole",
  incremental: true
})

const retries = Metric.counter("privx.client.retries", {
  description: "Attempts that failed and were followed by another one",
  incremental: true
})

/**
 * The servers that have series of their own. A series is never forgotten: a program that talks to one server after another
 * would need more and more memory, so that the later ones are counted together, as OpenTelemetry does beyond a bound.
 */
const servers = new Set<string>()
const mostServers = 100

/** What tells a server from others where it is counted. */
const counted = (origin: string, server: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> => {
  if (servers.size < mostServers) servers.add(origin)
  return servers.has(origin) ? text(server) : { "server.address": "_OTHER" }
}

interface Series {
  readonly duration: Metric.Metric<number, unknown>
  readonly bytes: Metric.Metric<number, unknown>
}

export interface Call {
  readonly operation: Definition
  readonly method: string
  readonly template: string
}

/** `error.type` of the convention: the status of an answer, the reason where there was none. */
export const errorType = (failure: PrivxFailure): string =>
  failure._tag === "TransportError" ? failure.reason : String(failure.status)

export class Telemetry {
  private readonly server: { readonly "server.address": string; readonly "server.port": number }
  private readonly counted: Readonly<Record<string, string>>
  /** Made once for each operation and outcome: to make a series costs more than to add to it. */
  private readonly series: WeakMap<Definition, Map<number | string, Series>> = new WeakMap()

  constructor(origin: string) {
    const url = new URL(origin)
    this.server = {
      "server.address": url.hostname,
      "server.port": Number(url.port || (url.protocol === "https:" ? 443 : 80))
    }
    this.counted = counted(origin, this.server)
  }

  spanAttributes({ method, template }: Call): Record<string, unknown> {
    return { "http.request.method": method, "url.template": template, ...this.server }
  }

  /** @param outcome the status of an answer, or the reason why there was none */
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

/** Makes `span` the parent of what happens in an effect. */
export const within = <A, E, R>(effect: Effect.Effect<A, E, R>, span: Tracer.Span) =>
  Effect.withParentSpan(effect, span, { captureStackTrace: false })

/** The span of the call, when spans are made. */
export const spanOf = (context: Context.Context<never>): Tracer.Span | undefined => {
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  return span?._tag === "Span" ? span : undefined
}

const text = (attributes: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]))
