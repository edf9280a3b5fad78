/**
 * The id of a run.
 *
 * An id names files and directories, so it is validated at every boundary: in responses of a server, in manifests, in
 * the record.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Letters, digits, `-` and `_`, at most 64, starting with a letter or digit. privx-kit generates UUIDs.
 *
 * @example
 * ```ts
 * import * as RunId from "@privx-kit/core/RunId"
 * import * as Schema from "effect/Schema"
 *
 * export const isRunId = Schema.is(RunId.RunId)("../../etc/passwd") // false
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const RunId = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/u))
