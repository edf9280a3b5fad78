/**
 * Fields of responses as servers send them. Go writes an absent list as `null` and an absent text as `""`, and fields
 * differ between versions. A field that is absent in one of these ways is absent in the decoded value.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** A field that may be absent or `null`. */
export const optional = <Type, Encoded>(schema: Schema.Codec<Type, Encoded>) =>
  Schema.optionalKey(Schema.NullOr(schema)).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional((value: Option.Option<Type | null>) =>
        Option.filter(value, Predicate.isNotNull)
      ),
      encode: SchemaGetter.passthroughSubtype<Type | null, Type>()
    })
  )

/** A text that may be absent, `null` or empty. */
export const optionalText = Schema.optionalKey(Schema.NullOr(Schema.String)).pipe(
  Schema.decodeTo(Schema.optionalKey(Schema.String), {
    decode: SchemaGetter.transformOptional((value: Option.Option<string | null>) =>
      Option.filter(value, (text): text is string => text !== null && text !== "")
    ),
    encode: SchemaGetter.passthroughSubtype<string | null, string>()
  })
)

/** A field that defaults to `value` if it is absent or `null`. */
export const withDefault = <Type, Encoded>(schema: Schema.Codec<Type, Encoded>, value: Type) =>
  Schema.optionalKey(Schema.NullOr(schema)).pipe(
    Schema.decodeTo(Schema.toType(schema), {
      decode: SchemaGetter.transformOptional((found: Option.Option<Type | null>) =>
        Option.some(Option.getOrElse(Option.filter(found, Predicate.isNotNull), () => value))
      ),
      encode: SchemaGetter.passthroughSubtype<Type | null, Type>()
    })
  )

/**
 * A point in time that may be absent, `null`, empty, unreadable, or the zero time of Go (year 1). RFC 3339 on the wire.
 */
export const optionalTime = Schema.optionalKey(
  Schema.NullOr(Schema.String.annotate({ description: "RFC 3339; may be empty" }))
).pipe(
  Schema.decodeTo(Schema.optionalKey(Schema.DateTimeUtc), {
    decode: SchemaGetter.transformOptional((value: Option.Option<string | null>) =>
      value.pipe(
        Option.filter(Predicate.isNotNull),
        Option.flatMap(DateTime.make),
        Option.map(DateTime.toUtc),
        Option.filter((time) => DateTime.getPartUtc(time, "year") > 1)
      )
    ),
    encode: SchemaGetter.transformOptional((value: Option.Option<DateTime.Utc>) =>
      Option.map(value, DateTime.formatIso)
    )
  })
)

/** A list that may be absent or `null`. Entries that are `null` are dropped. */
export const list = <Type, Encoded>(schema: Schema.Codec<Type, Encoded>) => {
  const type: Schema.Codec<Type> = Schema.toType(schema)
  return Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.NullOr(schema)))).pipe(
    Schema.decodeTo(Schema.Array(type), {
      decode: SchemaGetter.transformOptional((found: Option.Option<ReadonlyArray<Type | null> | null>) =>
        Option.some((Option.getOrNull(found) ?? []).filter((entry) => entry !== null))
      ),
      encode: SchemaGetter.passthroughSubtype<ReadonlyArray<Type | null> | null, ReadonlyArray<Type>>()
    })
  )
}

/** A list that is absent if it is absent or `null`. Entries that are `null` are dropped. */
export const optionalList = <Type, Encoded>(schema: Schema.Codec<Type, Encoded>) => {
  const type: Schema.Codec<Type> = Schema.toType(schema)
  return Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.NullOr(schema)))).pipe(
    Schema.decodeTo(Schema.optionalKey(Schema.Array(type)), {
      decode: SchemaGetter.transformOptional((found: Option.Option<ReadonlyArray<Type | null> | null>) =>
        found.pipe(
          Option.filter(Predicate.isNotNull),
          Option.map((entries) => entries.filter((entry) => entry !== null))
        )
      ),
      encode: SchemaGetter.passthroughSubtype<ReadonlyArray<Type | null> | null, ReadonlyArray<Type>>()
    })
  )
}
