/**
 * Selects the unfinished runs that a process executes. A server and a worker execute all runs that they support; a
 * command that was started for one run leaves the other runs unchanged.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * The default owns every run. Provide it to the layer of the engine's workflows.
 *
 * @since 0.1.0
 * @category references
 */
export const RunOwnership = Context.Reference<(run: { readonly kind: string; readonly runId: string }) => boolean>(
  "@privx-kit/runs/RunOwnership",
  { defaultValue: () => () => true }
)
