/**
 * A text that is not shown: in logs, errors and JSON it appears as `<redacted>`.
 *
 * @since 0.1.0
 */

/**
 * A secret, e.g. the id of a setup session, which alone authorizes the download of the script.
 *
 * **When to use**: to keep your own credentials out of logs. Every parameter that accepts a secret also accepts a
 * string.
 *
 * @example
 * ```ts
 * import { Secret } from "@privx-kit/client"
 *
 * const secret = new Secret("correct horse")
 * console.log(secret) // <redacted>
 * console.log(secret.reveal().length) // 13
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** Returns the text itself. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  /** The text that `console.log` and `util.inspect` of Node, Deno and Bun show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return redacted
  }
}

const redacted = "<redacted>"
