/**
 * The paths of the UEBA endpoints. The API reference prints no paths; these are the paths of both official SDKs.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface UebaPaths {
  readonly createSession: `/${string}`
  /** Must contain `:session_id`. */
  readonly downloadSetupScript: `/${string}`
  /** To get and to set. */
  readonly configuration: `/${string}`
  /** To get and to set. */
  readonly anomalySettings: `/${string}`
  /** To list and to create. */
  readonly datasets: `/${string}`
  /** To get, update and delete. Must contain `:dataset_id`. */
  readonly dataset: `/${string}`
  /** Must contain `:dataset_id`. */
  readonly trainDataset: `/${string}`
  /** Must contain `:dataset_id`. */
  readonly startAnalyzing: `/${string}`
  readonly stopAnalyzing: `/${string}`
  readonly countConnections: `/${string}`
  readonly status: `/${string}`
  readonly internalStatus: `/${string}`
}

const prefix = "/connection-manager/api/v1/ueba"

/**
 * The paths of both official SDKs.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: UebaPaths = {
  createSession: `${prefix}/setup-script`,
  downloadSetupScript: `${prefix}/setup-script/:session_id`,
  configuration: `${prefix}/configure`,
  anomalySettings: `${prefix}/anomaly-settings`,
  datasets: `${prefix}/datasets`,
  dataset: `${prefix}/datasets/:dataset_id`,
  trainDataset: `${prefix}/train/:dataset_id`,
  startAnalyzing: `${prefix}/start-analyzing/:dataset_id`,
  stopAnalyzing: `${prefix}/stop-analyzing`,
  countConnections: `${prefix}/query-connection-count`,
  status: `${prefix}/status`,
  internalStatus: `${prefix}/status/internal`
}
