/**
 * The `Content-Range` header of a partial answer.
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
  /** The last byte, included. */
  readonly last: number
  /** The size of the whole, or `undefined` where the server does not know it (`*`). */
  readonly total: number | undefined
}

/**
 * Reads `bytes 0-499/1234`. `undefined` for anything else, a range that contradicts itself included.
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
