/**
 * The SHA-256 of some bytes, as 64 hexadecimal digits: what a script is pinned to, and what a report states.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { createHash } from "node:crypto"

const LowerCase = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{64}$/, { message: "Expected the 64 hexadecimal digits of a SHA-256" })
).pipe(Schema.brand("Sha256"))

/**
 * Decodes 64 hexadecimal digits of either case, as `sha256sum` and others print them, to lower case. Anything else fails
 * to decode, so that a pin that was cut or mistyped is found before it is compared with anything.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Sha256 = Schema.String.pipe(Schema.decodeTo(LowerCase, SchemaTransformation.toLowerCase()))

/**
 * @since 0.1.0
 * @category models
 */
export type Sha256 = typeof Sha256.Type

/**
 * The digest of `bytes`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (bytes: Uint8Array): Sha256 => LowerCase.make(createHash("sha256").update(bytes).digest("hex"))
