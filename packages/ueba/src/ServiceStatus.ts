/**
 * The status of the UEBA service, as seen by PrivX.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Tolerant from "./internal/tolerant.ts"

/**
 * The statuses that the reference lists. On the wire the set is open.
 *
 * @since 0.1.0
 * @category models
 */
export type Status = "RUNNING" | "WARNING" | "ERROR" | "PENDING" | (string & {})

/**
 * A problem of the service. `severity` is `NOTICE`, `WARNING` or `ERROR`; a newer server may have others.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Issue = Schema.Struct({
  severity: Tolerant.optionalText,
  code: Tolerant.optionalText,
  message: Tolerant.optionalText,
  created: Tolerant.optionalTime,
  updated: Tolerant.optionalTime
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Issue extends Schema.Schema.Type<typeof Issue> {}

/**
 * The response of `Ueba.status`. Source: the official SDKs; the Go SDK knows `variant` and `server-mode`, and no
 * `issues`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServiceStatus = Schema.Struct({
  version: Tolerant.withDefault(Schema.String, ""),
  api_version: Tolerant.optionalText,
  /** See {@link Status} for the documented ones; absent if the server sends none. */
  status: Tolerant.optionalText,
  status_message: Tolerant.optionalText,
  issues: Tolerant.list(Issue),
  status_details: Tolerant.list(
    Schema.Struct({
      k: Tolerant.withDefault(Schema.String, ""),
      v: Tolerant.withDefault(Schema.String, "")
    })
  ),
  app_id: Tolerant.optionalText,
  variant: Tolerant.optionalText,
  "server-mode": Tolerant.optionalText,
  start_time: Tolerant.optionalTime
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ServiceStatus extends Schema.Schema.Type<typeof ServiceStatus> {}

/**
 * Whether UEBA works: its status is `RUNNING`, in upper or lower case, or `WARNING`, which means that it works with
 * limitations.
 *
 * @example
 * ```ts
 * import * as ServiceStatus from "@privx-kit/ueba/ServiceStatus"
 *
 * ServiceStatus.isRunning({ status: "RUNNING" }) // true
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const isRunning = ({ status }: Pick<ServiceStatus, "status">): boolean =>
  status !== undefined && /^(running|warning)$/i.test(status)
