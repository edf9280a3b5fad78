/**
 * The values of an endpoint for a program without Effect: a time is a `Date`, a duration is a number of milliseconds, a
 * secret is a `Secret`, and brands are removed.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Secret } from "./Secret.ts"

/**
 * The type that an operation returns for a value of its schema.
 *
 * @since 0.1.0
 * @category models
 */
export type Plain<T> = Converted<T, Secret, Date>

/**
 * The type that an operation accepts for a value of its schema. A time may be a `Date` or an ISO 8601 string.
 *
 * @since 0.1.0
 * @category models
 */
export type PlainInput<T> = Converted<T, string | Secret, string | Date>

type Converted<T, ASecret, ATime> =
  T extends Redacted.Redacted<unknown>
    ? ASecret
    : T extends DateTime.DateTime
      ? ATime
      : T extends Duration.Duration
        ? number
        : T extends Option.Option<infer A>
          ? Converted<A, ASecret, ATime> | undefined
          : T extends string | number | bigint | boolean | symbol | null | undefined
            ? Unbranded<T>
            : T extends Uint8Array | Date | URL
              ? T
              : T extends ReadonlyArray<infer A>
                ? ReadonlyArray<Converted<A, ASecret, ATime>>
                : { readonly [K in keyof T]: Converted<T[K], ASecret, ATime> }

type Unbranded<T> =
  T extends Brand.Brand<string>
    ? T extends string
      ? string
      : T extends number
        ? number
        : T extends boolean
          ? boolean
          : bigint
    : T

/** @internal */
export const toPlain = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value
  if (Redacted.isRedacted(value)) return new Secret(String(Redacted.value(value)))
  if (DateTime.isDateTime(value)) return DateTime.toDateUtc(value)
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  if (Option.isOption(value)) return toPlain(Option.getOrUndefined(value))
  if (Array.isArray(value)) return value.map(toPlain)
  if (value instanceof Date || value instanceof URL) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, toPlain(field)]))
}

/**
 * Converts a value to the JSON that the codec of a schema decodes. A field with the value `undefined` is left out.
 *
 * @internal
 */
export const toJson = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value
  if (value instanceof Secret) return value.reveal()
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.map(toJson)
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (field === undefined ? [] : [[key, toJson(field)]]))
  )
}
