/** Field names: snake case in files (`max_bytes`), camel case everywhere else (`maxBytes`). */
import * as Text from "effect/String"

/** `max_bytes` → `maxBytes` */
export type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name

/** `maxBytes` → `max_bytes` */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name

/** A record of a file, with names in camel case. Nested names are not changed. */
export type FromFile<A> = { readonly [Name in keyof A as Name extends string ? CamelCase<Name> : never]: A[Name] }

export const fromFile = <A extends object>(content: A): FromFile<A> =>
  Object.fromEntries(Object.entries(content).map(([name, value]) => [Text.snakeToCamel(name), value])) as FromFile<A>

export const toFile = Text.camelToSnake

/** `maxBytes` → `max-bytes` */
export const toFlag = (name: string): string => Text.camelToSnake(name).replaceAll("_", "-")
