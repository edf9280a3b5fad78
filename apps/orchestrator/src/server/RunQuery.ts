/** The query parameters that select runs for a list, its counts and its stream. */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { type Run, RunStatus } from "@privx-kit/runs/Run"
import type { Filter } from "@privx-kit/runs/RunFilter"
import { normalize } from "@privx-kit/settings/PrivxHosts"
import { text } from "./ApiEndpoint.ts"

const time = (description: string) =>
  Schema.optionalKey(
    Schema.String.annotate({ format: "date-time", description }).pipe(
      Schema.decodeTo(Schema.DateTimeUtc, SchemaTransformation.dateTimeUtcFromString)
    )
  )

/** The filters. */
export const query = {
  kind: Schema.optionalKey(text(100)).annotate({ description: "Only runs of this kind" }),
  target: Schema.optionalKey(Schema.String).annotate({ description: "Only runs of this PrivX host, by its base URL" }),
  requestedBy: Schema.optionalKey(text(200)).annotate({
    description: "Only runs that this principal requested, by name or display name"
  }),
  since: time("Only runs that were created at this time or later"),
  until: time("Only runs that were created before this time"),
  endedSince: time("Only runs that ended at this time or later"),
  endedUntil: time("Only runs that ended before this time"),
  text: Schema.optionalKey(text(200)).annotate({
    description: "Only runs with this text in their id, host, idempotency key or failure; case does not count"
  }),
  parent: Schema.optionalKey(text(100)).annotate({ description: "Only the parts of the run with this id" }),
  parts: Schema.optionalKey(Schema.Literals(["true", "false"])).annotate({
    description: "true: the hosts of fleet runs too; they are listed where a status, target or parent asks for them"
  })
}

export const status = {
  status: Schema.optionalKey(Schema.Array(RunStatus)).annotate({
    description: "Only runs with this status; can be repeated"
  })
}

const Cursor = Schema.String.check(Schema.isPattern(/^[1-9]\d{0,15}$/u))

const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })).annotate({ description: "Default 50" })

/** Describes numeric parameters as numbers in the JSON Schema, although a query contains text. */
export const numbers = (): Readonly<Record<string, unknown>> => ({
  limit: Schema.toJsonSchemaDocument(Limit).schema
})

/** The requested page of the list. */
export const page = {
  limit: Schema.optionalKey(Limit),
  after: Schema.optionalKey(Cursor).annotate({ description: "Value of next of the previous page" })
}

const Query = Schema.Struct({ ...query, ...status, ...page })

export type Query = typeof Query.Type

export const defaultLimit = 50

const millis = (time: DateTime.Utc | undefined): number | undefined =>
  time === undefined ? undefined : DateTime.toEpochMillis(time)

/** In the form of the record of runs, without results: only single runs have them. */
export const of = (query: Query): Filter & { readonly limit: number } => {
  const { after, parent, parts, requestedBy, status = [], target } = query
  return {
    whole: parts !== "true" && target === undefined && parent === undefined && status.length === 0,
    kind: query.kind,
    target: target === undefined ? undefined : normalize(target),
    parentId: parent,
    status,
    requestedBy,
    since: millis(query.since),
    until: millis(query.until),
    endedSince: millis(query.endedSince),
    endedUntil: millis(query.endedUntil),
    text: query.text,
    after: after === undefined ? undefined : Number(after),
    limit: query.limit ?? defaultLimit,
    results: false
  }
}

/** The start of the next page; `undefined` after the last one. */
export const next = (found: ReadonlyArray<Run>, limit: number): string | null => {
  const last = found.at(-1)
  return last === undefined || found.length < limit ? null : String(last.position)
}
