/**
 * The SHA-256 of bytes, as 64 hexadecimal digits, for pins and reports.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { createHash } from "node:crypto"

const message = "Expected the 64 hexadecimal digits of a SHA-256"

const LowerCase = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/u, { message })).pipe(Schema.brand("Sha256"))

const EitherCase = Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/u, { message }))

/**
 * Decodes 64 hexadecimal digits in upper or lower case to lower case. Any other text fails to decode, so that a
 * truncated or mistyped pin is detected before a comparison.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Sha256 = EitherCase.pipe(Schema.decodeTo(LowerCase, SchemaTransformation.toLowerCase()))

/**
 * @since 0.1.0
 * @category models
 */
export type Sha256 = typeof Sha256.Type

/**
 * Computes the digest of bytes, in lower case.
 *
 * @example
 * ```ts
 * import * as Sha256 from "@privx-kit/ueba/Sha256"
 *
 * export const isPinned = (script: Uint8Array, pin: Sha256.Sha256): boolean => Sha256.of(script) === pin
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (bytes: Uint8Array): Sha256 => LowerCase.make(createHash("sha256").update(bytes).digest("hex"))
