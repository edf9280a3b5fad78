/**
 * A number of connections.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The response of `Ueba.countConnections` and `Ueba.trainDataset`. Source: the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConnectionCount = Schema.Struct({ count: Schema.Int })

/**
 * @since 0.1.0
 * @category models
 */
export interface ConnectionCount extends Schema.Schema.Type<typeof ConnectionCount> {}

/**
 * The minimum number of connections for a useful training. Source: the vendor's guide to UEBA.
 *
 * @since 0.1.0
 * @category constants
 */
export const recommendedMinimum = 5_000
