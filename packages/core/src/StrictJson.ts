/**
 * Parses JSON that every program reads in the same way, for documents that are signed or decide what is trusted.
 *
 * `JSON.parse` takes the last of two equal keys, rounds numbers that it cannot represent, and replaces bytes that are
 * not UTF-8. Another program may read such a text differently, and would then trust content that was never signed.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"

/**
 * Maximum nesting of objects and arrays.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxDepth = 64

/**
 * Parses JSON, and refuses text that different programs could read differently.
 *
 * **Details**: refuses bytes that are not UTF-8, a byte order mark, two equal keys in one object, a number that is not in the
 * format of `JSON.stringify` (RFC 8785), and nesting deeper than {@link maxDepth}. White space and the order of the
 * keys do not matter.
 *
 * **Gotchas**: the size of the text is not limited; limit it when you read the file.
 *
 * **Errors**: the rest of a sentence that starts with the document, e.g. `has the key "sha256" twice`.
 *
 * @example
 * ```ts
 * import * as StrictJson from "@privx-kit/core/StrictJson"
 * import * as Result from "effect/Result"
 *
 * const parsed = StrictJson.parse('{"sha256": "ab", "sha256": "cd"}')
 *
 * export const problem = Result.isFailure(parsed) ? parsed.failure : undefined // has the key "sha256" twice
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (source: string | Uint8Array): Result.Result<Schema.Json, string> => {
  const text = typeof source === "string" ? source : decoded(source)
  if (text === undefined) return Result.fail("is not UTF-8 text")
  let value: Schema.Json
  try {
    value = JSON.parse(text)
  } catch {
    return Result.fail("is not JSON")
  }
  const problem = ambiguity(text)
  return problem === undefined ? Result.succeed(value) : Result.fail(problem)
}

const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The text is valid JSON, so these are all the relevant tokens. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]|-?\d[\d.eE+-]*/g

const ambiguity = (text: string): string | undefined => {
  /** The keys of each open object; `undefined` for an array. */
  const open: Array<Set<string> | undefined> = []
  let keyNext = false
  for (const [token] of text.matchAll(tokens)) {
    switch (token[0]) {
      case "{":
      case "[":
        if (open.length === maxDepth) return `is nested deeper than ${maxDepth} levels`
        open.push(token === "{" ? new Set() : undefined)
        keyNext = token === "{"
        break
      case "}":
      case "]":
        open.pop()
        keyNext = false
        break
      case ",":
        keyNext = open.at(-1) !== undefined
        break
      case '"': {
        const keys = open.at(-1)
        if (!keyNext || keys === undefined) break
        keyNext = false
        const key: string = JSON.parse(token)
        if (keys.has(key)) return `has the key ${JSON.stringify(key.slice(0, 64))} twice`
        keys.add(key)
        break
      }
      default:
        if (JSON.stringify(Number(token)) !== token) return `has the number ${token.slice(0, 32)} in an unusual form`
    }
  }
  return undefined
}
