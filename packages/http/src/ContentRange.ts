/**
 * The `Content-Range` header of a partial response.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface ContentRange {
  /** The first byte, from 0. */
  readonly first: number
  /** The last byte, inclusive. */
  readonly last: number
  /** The size of the complete body, or `undefined` if the server does not know it (`*`). */
  readonly total: number | undefined
}

/**
 * Parses the range of a partial response. Returns `undefined` for anything else, including a contradictory range.
 *
 * **Details**: positions and size are in bytes.
 *
 * Source: RFC 9110, 14.4.
 *
 * @example
 * ```ts
 * import * as ContentRange from "@privx-kit/http/ContentRange"
 *
 * export const range = ContentRange.parse("bytes 0-499/1234") // { first: 0, last: 499, total: 1234 }
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (value: string): ContentRange | undefined => {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value.trim())
  if (match === null) return undefined
  const [, first, last, size] = match
  const range = { first: Number(first), last: Number(last), total: size === "*" ? undefined : Number(size) }
  const fits = range.first <= range.last && (range.total === undefined || range.last < range.total)
  return fits ? range : undefined
}

/**
 * Parses the header with which a 416 reports the size of the complete body, in bytes. Returns `undefined` for anything
 * else.
 *
 * Source: RFC 9110, 14.4.
 *
 * @example
 * ```ts
 * import * as ContentRange from "@privx-kit/http/ContentRange"
 *
 * export const total = ContentRange.parseUnsatisfied("bytes *\/1234") // 1234
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parseUnsatisfied = (value: string): number | undefined => {
  const total = /^bytes \*\/(\d{1,15})$/i.exec(value.trim())?.[1]
  return total === undefined ? undefined : Number(total)
}
