/**
 * A position in a script.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Lines and columns count from 1, columns in characters.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Position = Schema.Struct({
  line: Schema.Int.check(Schema.isGreaterThan(0)),
  column: Schema.Int.check(Schema.isGreaterThan(0))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Position extends Schema.Schema.Type<typeof Position> {}
