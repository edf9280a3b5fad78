/** A nested error body as PrivX sends it, with the `null` entries that its own page shows. */

export interface ErrorBody {
  readonly error_code: string
  readonly error_message?: string | undefined
  readonly property?: string | undefined
  readonly details?: ReadonlyArray<ErrorBody | null> | undefined
}

const leaf = (n: number): ErrorBody => ({
  error_code: "VALUE_INCORRECT_FORMAT",
  error_message: `the value number ${n} has not the format that is wanted`,
  property: `property_${n}`
})

const branch = (n: number): ErrorBody => ({
  error_code: "INVALID_REQUEST_DATA",
  error_message: `part ${n} of the request was refused`,
  property: `part_${n}`,
  details: [null, leaf(2 * n), leaf(2 * n + 1)]
})

/** With `count` branches of three errors each. */
export const withBranches = (count: number): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      error_code: "INVALID_REQUEST_DATA",
      error_message: "the request was refused",
      details: [null, ...Array.from({ length: count }, (_, n) => branch(n))]
    } satisfies ErrorBody)
  )
