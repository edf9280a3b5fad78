/**
 * PEM texts as people provide them: one or more blocks, with text between them, with Windows line endings, or indented
 * as in a YAML or TOML block.
 *
 * @since 0.1.0
 */

const begin = "-----BEGIN CERTIFICATE-----"
const end = "-----END CERTIFICATE-----"

/**
 * Returns the certificates of a text, each as its own PEM text, in their order. A text without a complete block has
 * none.
 *
 * **Gotchas**: the content of a block is not checked; `new X509Certificate(block)` does that.
 *
 * @example
 * ```ts
 * import * as Pem from "@privx-kit/http/Pem"
 * import { X509Certificate } from "node:crypto"
 *
 * const subjects = (bundle: string) => Pem.certificates(bundle).map((pem) => new X509Certificate(pem).subject)
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const certificates = (text: string): ReadonlyArray<string> => {
  const blocks: Array<string> = []
  // A regular expression would search the whole text for each unterminated block.
  for (let from = 0; ;) {
    const start = text.indexOf(begin, from)
    const stop = start < 0 ? -1 : text.indexOf(end, start)
    if (stop < 0) return blocks
    from = stop + end.length
    blocks.push(unindented(text.slice(start, from)))
  }
}

/**
 * Returns the text without indentation, as OpenSSL requires.
 *
 * **Details**: the lines of the result end with `\n`.
 *
 * @example
 * ```ts
 * import * as Pem from "@privx-kit/http/Pem"
 * import { createPrivateKey } from "node:crypto"
 *
 * export const keyOf = (block: string) => createPrivateKey(Pem.unindented(block))
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const unindented = (text: string): string =>
  text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .join("\n")
